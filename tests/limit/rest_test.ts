// SPDX-License-Identifier: MIT
/** A listener that is about to close empties its queue, which the kernel would reset. */
import assert from "node:assert/strict";
import { type Conn, go, listen, type Routine } from "../../mod.ts";
import { sys } from "../../poll.ts";
import { limit } from "../../reactor.ts";
import type { LimitedListener } from "../../src/limit/limited_listener.ts";
import { both, onWindows, parked } from "../support/harness.ts";

/** More than are refused in one go. */
const MANY = 100;

/** Connects `count` clients without a look at the poller in between. */
function clients(address: string, count: number): number[] {
  return Array.from({ length: count }, () => {
    const fd = sys.socket();
    sys.connect(fd, address);
    return fd;
  });
}

/** A listener whose last look found nothing. */
function* emptied(options: Parameters<typeof limit>[1]): Routine<LimitedListener> {
  const listener = limit(yield* listen("tcp", "127.0.0.1:0"), options) as LimitedListener;
  const accepting = go(() => listener.accept());
  yield* parked(accepting);
  const [first] = clients(String(listener.addr), 1);
  (yield* accepting.join()).close();
  sys.close(first);
  yield* parked(go(() => listener.accept()));
  return listener;
}

const skip = onWindows && "there a connection is accepted before it comes";

both("the rest of a queue includes connections that the poller has not reported", function* () {
  const listener = yield* emptied({ connections: 2 * MANY });
  const dialled = clients(String(listener.addr), MANY);
  const conns: Conn[] = [...listener.rest()];
  assert.equal(conns.length, MANY);
  listener.close();
  for (const conn of conns) conn.close();
  dialled.forEach(sys.close);
}, skip);

both("the rest of a queue is drained although most of it is refused", function* () {
  const listener = yield* emptied({ connections: { most: 1, policy: "refuse" } });
  const dialled = clients(String(listener.addr), MANY);
  const [conn, ...more] = listener.rest();
  assert.equal(more.length, 0);
  assert.equal(listener.counters.refused.connections, MANY - 1);
  listener.close();
  conn.close();
  dialled.forEach(sys.close);
}, skip);
