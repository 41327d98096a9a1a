// SPDX-License-Identifier: MIT What the server does with a connection: echoes, works, or dies, as
// the first byte of each message says.
import process from "node:process";
import type { Conn, Routine } from "../../mod.ts";
import type { HandlerContext } from "../../reactor.ts";

/** Milliseconds of the processor that a "w" takes. */
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
