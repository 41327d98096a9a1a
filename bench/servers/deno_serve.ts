// SPDX-License-Identifier: MIT
// Deno's own HTTP server.

/** The part of Deno used here: the repository is checked with Bun's types. */
declare const Deno: {
  env: { get(name: string): string | undefined };
  version: { deno: string };
  serve(
    options: { hostname: string; port: number; onListen(addr: { port: number }): void },
    handler: () => Response,
  ): unknown;
};

const onListen = ({ port }: { port: number }) =>
  console.log(`listening on 127.0.0.1:${port} (Deno ${Deno.version.deno}, Deno.serve)`);
Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")), onListen },
  () => new Response("Hello, World!\n"),
);
