// SPDX-License-Identifier: MIT
// An echo server with the debug page. Prints the page's port, then the echo's.
import process from "node:process";
import { debugHandler } from "../../debug.ts";
import { type Conn, listen, type Routine, run, serve, stats } from "../../mod.ts";

interface Hosts {
  Bun?: { serve(options: object): { port: number } };
  Deno?: { serve(options: object, handler: unknown): { addr: { port: number } } };
}

const debug = debugHandler({ token: process.env.TOKEN });
/**
 * Besides the page, the counters that the benchmark reads in every window: as little as possible.
 */
const handler = (request: Request) =>
  request.url.endsWith("/bytes")
    ? new Response(`${stats().bytesWritten} ${performance.now()}`)
    : debug(request);
const { Bun, Deno } = globalThis as Hosts;
const at = { hostname: "127.0.0.1", port: 0 };
const page = Deno?.serve({ ...at, onListen: () => {} }, handler).addr.port ??
  Bun!.serve({ ...at, fetch: handler }).port;

function* echo(conn: Conn): Routine<void> {
  using chunks = conn.chunks();
  for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
}

await run(function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  console.log(`page ${page} echo ${String(listener.addr).split(":")[1]}`);
  yield* serve(listener, echo);
});
