// SPDX-License-Identifier: MIT
/** Flushes unsent data on close, followed by the close_notify. */
import { HalfConn } from "../../net/io/half_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Transport } from "./transport.ts";

/** Sends all of `rest`, as far as the peer accepts it until the time `end`. Parks. */
export function* sendRest(transport: Transport, rest: Uint8Array, end: number): Routine<void> {
  const closing = new HalfConn("closing");
  const watcher = { retry: () => closing.changed() };
  closing.onWatch = () => transport.watch("write", watcher);
  closing.onUnwatch = () => transport.unwatch("write", watcher);
  closing.setDeadline(end);
  try {
    for (let left = rest; !transport.closed;) {
      const n = transport.send(left, left.length);
      if (n === left.length) return;
      left = left.subarray(n);
      if (closing.expired) return;
      yield* closing.wait();
    }
  } catch {
    // The peer is gone.
  }
}
