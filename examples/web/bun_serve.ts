// SPDX-License-Identifier: MIT
/** A server of Bun.serve whose handler uses a pool of connections to Redis: see counter.ts. */
import process from "node:process";
import { closeAfter, handle } from "./counter.ts";

/** The part of Bun that is used here: the types of both runtimes at once would clash. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request): Response | Promise<Response>;
  }): { port?: number; stop(): Promise<void> };
};

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 8080),
  fetch: handle,
});
console.log(`listening on 127.0.0.1:${server.port}`);
closeAfter(() => server.stop());
