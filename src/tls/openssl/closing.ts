// SPDX-License-Identifier: MIT
/** The rest of a close: what is written and not yet out, the close_notify behind it. */
import { now } from "../../sched/clock.ts";
import { HalfConn } from "../../net/io/half_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Transport } from "./transport.ts";

/** How long it may take in all. */
const TOTAL_MS = 30_000;
/** How long the peer may take nothing meanwhile. */
export const STALLED_MS = 5_000;

/** Sends all of `rest`, as far as the peer takes it in time. Parks. */
export function* sendRest(transport: Transport, rest: Uint8Array): Routine<void> {
  const closing = new HalfConn("closing");
  const watcher = { retry: () => closing.changed() };
  closing.onWatch = () => transport.watch("write", watcher);
  closing.onUnwatch = () => transport.unwatch("write", watcher);
  const end = now() + TOTAL_MS;
  let patience = now() + STALLED_MS;
  try {
    for (let left = rest; !transport.closed;) {
      const n = transport.send(left, left.length);
      if (n === left.length) return;
      left = left.subarray(n);
      if (n > 0) patience = now() + STALLED_MS;
      closing.setDeadline(Math.min(end, patience));
      if (closing.expired) return;
      yield* closing.wait();
    }
  } catch {
    // The peer is gone: there is nobody to tell.
  }
}
