// SPDX-License-Identifier: MIT
/** Serves a handler of the Fetch standard by the server of the runtime. */

type Handler = (request: Request) => Response | Promise<Response>;

/** The parts of Deno and Bun that are used here: the types of both at once would clash. */
interface DenoServe {
  serve(
    options: { hostname: string; port: number; onListen(addr: { port: number }): void },
    handler: Handler,
  ): { shutdown(): Promise<void> };
}

declare const Bun: {
  serve(options: { hostname: string; port: number; fetch: Handler }): {
    port?: number;
    stop(): Promise<void>;
  };
};

/** Starts the server, prints its address, and returns what stops it. */
export function serveFetch(handler: Handler, port: number): () => Promise<void> {
  const hostname = "127.0.0.1";
  const onListen = ({ port }: { port: number }) => console.log(`listening on ${hostname}:${port}`);
  const { Deno } = globalThis as { Deno?: DenoServe };
  if (Deno !== undefined) {
    const server = Deno.serve({ hostname, port, onListen }, handler);
    return () => server.shutdown();
  }
  const server = Bun.serve({ hostname, port, fetch: handler });
  onListen({ port: server.port! });
  return () => server.stop();
}
