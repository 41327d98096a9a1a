// SPDX-License-Identifier: MIT
// Handles a connection: echoes, works, or dies, depending on the first byte of each message.
import process from "node:process";
import type { Conn, Routine } from "../../mod.ts";
import type { HandlerContext } from "../../reactor.ts";

/** CPU time of a "w" request in milliseconds. */
const WORK_MS = 5;

const ANSWER = new TextEncoder().encode("ok");

function work(): void {
  for (const end = performance.now() + WORK_MS; performance.now() < end;);
}

export function* handle(conn: Conn, { worker }: HandlerContext): Routine<void> {
  const buf = new Uint8Array(16 * 1024);
  for (let n; (n = yield* conn.read(buf)) !== null;) {
    switch (String.fromCharCode(buf[0])) {
      case "w":
        work();
        yield* conn.write(ANSWER);
        break;
      case "?":
        yield* conn.write(new Uint8Array([48 + worker]));
        break;
      case "x":
        return process.exit(1);
      default:
        yield* conn.write(buf.subarray(0, n));
    }
  }
}
