// SPDX-License-Identifier: MIT
/** Waiting goroutines: none starves the others, and none pays for those that left before it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  BufferedReader,
  cancellable,
  type Conn,
  dial,
  go,
  type Goroutine,
  gosched,
  pipe,
  type Routine,
  runSync,
  select,
  sleep,
  stats,
  withCancel,
} from "../../mod.ts";
import { FdMutex, READ_LOCK } from "../../src/fd/fd_mutex.ts";
import { LinkedQueue } from "../../src/sched/linked_queue.ts";
import { disown } from "../../src/sched/ownership.ts";
import { both, openSockets, pair, parked } from "../support/harness.ts";

/** Calls that need not wait as long as a byte is unread. */
const READY: Record<string, (conn: Conn) => Routine<unknown>> = {
  readable: (conn) => conn.readable(),
  "readable, canceled never": (conn) => conn.readable(withCancel(background())[0]),
};

for (const [name, call] of Object.entries(READY)) {
  for (const [means, ends] of [["TCP", pair], ["pipe", pipes]] as const) {
    both(`${name} on ${means} lets others run occasionally`, function* () {
      const [a, b] = yield* ends();
      const writing = go(() => a.write(Uint8Array.of(1)));
      yield* b.readable();
      let calls = 0;
      let others = 0;
      const other = go(function* () {
        for (; others < 5; others++) yield* gosched();
      });
      while (others < 5 && calls < 10_000) {
        yield* call(b);
        calls++;
      }
      assert.ok(calls < 1000, `${calls} calls, ${others} turns of another`);
      yield* b.read(new Uint8Array(1));
      for (const g of [writing, other]) yield* g.join();
      a.abort();
      b.abort();
    });
  }
}

both("calls that transfer nothing let others run", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const reader = new BufferedReader(a);
  const calls: Record<string, () => Routine<unknown>> = {
    "writev of no pieces": () => a.writev([]),
    "peek of 0 bytes": () => reader.peek(0),
    "bytes of length 0": () => reader.bytes(0),
    "discard of 0 bytes": () => reader.discard(0),
    "dial of UDP": function* () {
      (yield* dial("udp", "127.0.0.1:9")).close();
    },
  };
  for (const [name, call] of Object.entries(calls)) {
    let ran = false;
    go(function* () {
      ran = true;
    });
    for (let i = 0; !ran && i < 1000; i++) yield* call();
    assert.ok(ran, name);
  }
});

function* pipes(): Routine<[Conn, Conn]> {
  return pipe();
}

test("a queue keeps its order whichever waiter leaves", () => {
  const queue = new LinkedQueue<number>();
  assert.deepEqual([queue.first, queue.shift(), queue.size, queue.delete(1)], [
    null,
    null,
    0,
    false,
  ]);
  for (let i = 0; i < 6; i++) queue.push(i);
  assert.deepEqual([0, 3, 5, 3].map((i) => queue.delete(i)), [true, true, true, false]);
  assert.deepEqual([...queue], [1, 2, 4]);
  queue.push(0);
  assert.deepEqual([queue.first, queue.size], [1, 4]);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => queue.shift()), [1, 2, 4, 0, null]);
  queue.push(9);
  assert.deepEqual([...queue], [9]);
});

/** A mutex without a descriptor. */
class Bare extends FdMutex {
  protected override destroy(): void {}
}

/** Milliseconds in which a crowd that waits is canceled, the least of three tries. */
function timed(
  crowd: number,
  waiting: () => (ctx: ReturnType<typeof withCancel>[0]) => Routine<unknown>,
): number {
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    runSync(function* () {
      const call = waiting();
      const [ctx, cancel] = withCancel(background());
      let over = 0;
      const all: Goroutine[] = [];
      for (let n = 0; n < crowd; n++) {
        all.push(go(function* () {
          try {
            yield* cancellable(call(ctx), ctx);
          } catch {
            over++;
          }
        }));
      }
      yield* parked(all[crowd - 1]);
      const began = performance.now();
      cancel();
      while (over < crowd) yield* sleep(0);
      best = Math.min(best, performance.now() - began);
    });
  }
  return best;
}

/** Queues in which a goroutine can wait. */
const QUEUES: Record<string, () => () => Routine<unknown>> = {
  "the lock of a descriptor": () => {
    const mutex = new Bare();
    assert.ok(mutex.tryLock(READ_LOCK));
    return () => mutex.lock(READ_LOCK);
  },
  "the end of a goroutine": () => {
    const last = go(() => sleep(60_000));
    return () => last.join();
  },
};

for (const [name, waiting] of Object.entries(QUEUES)) {
  test(`leaving the queue for ${name} costs the same at any length`, () => {
    timed(1000, waiting);
    const [few, many] = [timed(2000, waiting), timed(32_000, waiting)];
    // 16 times as many: 16 times as long, where one pays for himself, and 256 times where for all.
    assert.ok(many < few * 128 + 100, `2000 in ${few} ms, 32,000 in ${many} ms`);
  });
}

/** Calls on a connection that a goroutine cannot be made to leave. */
const STUBBORN: Record<string, (conn: Conn) => Routine<unknown>> = {
  read: (conn) => conn.read(new Uint8Array(1)),
  "read behind another reader": (conn) => conn.read(new Uint8Array(1)),
  write: (conn) => conn.write(new Uint8Array(1 << 24)),
  readable: (conn) => conn.readable(),
  select: (conn) => select(conn.onReadable()),
};

for (const [name, call] of Object.entries(STUBBORN)) {
  test(`a goroutine given up in ${name} keeps no descriptor`, () => {
    const before = stats().waiters;
    const sockets = openSockets();
    const [a, b] = runSync(function* () {
      const ends = yield* pair();
      // They outlive the run that has opened them.
      for (const end of ends) disown(end);
      return ends;
    });
    runSync(function* () {
      const crowd = name === "read behind another reader" ? 2 : 1;
      for (let i = 0; i < crowd; i++) {
        const g = go(function* () {
          for (;;) {
            try {
              yield* call(a);
            } finally {
              // deno-lint-ignore no-unsafe-finally
              continue;
            }
          }
        });
        yield* parked(g);
      }
    });
    assert.equal(stats().waiters, before, "it waits no more");
    runSync(function* () {
      yield* b.write(Uint8Array.of(7));
      assert.equal(yield* a.read(new Uint8Array(1)), 1, "others have their turn");
      a.abort();
      b.abort();
    });
    assert.equal(openSockets(), sockets);
  });
}
