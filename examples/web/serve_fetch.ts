// SPDX-License-Identifier: MIT
/** Serves a handler of the Fetch standard by the server of the runtime. */

type Handler = (request: Request) => Response | Promise<Response>;

/** The part of Deno that is used here: the types of both runtimes at once would clash. */
interface DenoServe {
  serve(
    options: { hostname: string; port: number; onListen(addr: { port: number }): void },
    handler: Handler,
  ): { shutdown(): Promise<void> };
}

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
