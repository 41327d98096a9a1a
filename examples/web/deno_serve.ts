// SPDX-License-Identifier: MIT
/** A server of Deno.serve whose handler uses a pool of connections to Redis: see counter.ts. */
import process from "node:process";
import { closeAfter, handle } from "./counter.ts";

/** The part of Deno used here: this repository is checked with Bun's types. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen(addr: { port: number }): void },
    handler: (request: Request) => Promise<Response>,
  ): { shutdown(): Promise<void> };
};

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 8080),
  onListen: ({ port }) => console.log(`listening on 127.0.0.1:${port}`),
}, handle);
closeAfter(() => server.shutdown());
