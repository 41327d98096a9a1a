// SPDX-License-Identifier: MIT
/** The handler of echo_cores.ts: what is loaded into each worker, and serves each connection. */
import { type Conn, type Routine, select } from "../mod.ts";
import type { HandlerContext } from "../reactor.ts";

/** Echoes, and ends between two messages when the server is to end. */
export function* handle(conn: Conn, { draining }: HandlerContext): Routine<void> {
  const buf = new Uint8Array(16 * 1024);
  for (;;) {
    const { index } = yield* select(conn.onReadable(), draining.done.onRecv());
    if (index === 1) return;
    const n = yield* conn.read(buf);
    if (n === null) return;
    yield* conn.write(buf.subarray(0, n));
  }
}
