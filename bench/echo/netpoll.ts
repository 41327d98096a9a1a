// SPDX-License-Identifier: MIT
// The library: blocking-style code, a goroutine per connection. The first argument is the driver:
// `run` (beside the host's event loop) or `runSync` (instead of it).
import process from "node:process";
import { type Conn, go, listen, run, runSync } from "../../mod.ts";

const driver = process.argv[2] === "runSync" ? "runSync" : "run";

/** Without `using`: V8's list of resources to dispose takes 200 bytes per connection. */
function* echo(conn: Conn) {
  const chunks = conn.chunks();
  try {
    for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    chunks[Symbol.dispose]();
    conn[Symbol.dispose]();
  }
}

/** Whether the peer is gone, which ends only its own connection. */
function isGone(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ECONNRESET" || code === "EPIPE";
}

function* main() {
  using listener = yield* listen("tcp", `127.0.0.1:${process.env.PORT ?? 0}`);
  console.log(`listening on ${listener.addr} (netpoll, ${driver})`);
  for (;;) go(echo, yield* listener.accept());
}

if (driver === "runSync") runSync(main);
else await run(main);
