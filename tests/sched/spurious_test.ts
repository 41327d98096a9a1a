// SPDX-License-Identifier: MIT
/** Wake-ups that are meant for no wait: there are none, and a call that meets one does not mind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  cancellable,
  chan,
  type Conn,
  DeadlockError,
  dial,
  go,
  type Goroutine,
  isTimeout,
  listen,
  listenPacket,
  lookupHost,
  Mutex,
  pipe,
  type Routine,
  runSync,
  select,
  Semaphore,
  sleep,
  stats,
  wait,
  WaitGroup,
  Waker,
  withTimeout,
} from "../../mod.ts";
import type { G } from "../../src/sched/goroutine.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { both, only, pair, parked, thrown } from "../support/harness.ts";

/** Makes a goroutine runnable for no reason, again and again. */
function* disturb(g: Goroutine): Routine<void> {
  for (let i = 0; i < 3; i++) {
    yield* parked(g);
    scheduler.ready(g as G);
  }
  yield* parked(g);
}

/** Fills the way to the peer, until a write would wait. */
function* fill(conn: Conn): Routine<void> {
  conn.setWriteBuffer(4096);
  conn.setWriteDeadline(Date.now() + 10);
  assert.ok(isTimeout(yield* thrown(conn.write(new Uint8Array(1 << 24)))));
  conn.setWriteDeadline(null);
}

/** Waits of a connection. */
const WAITS: Record<string, (conn: Conn) => Routine<unknown>> = {
  read: (conn) => conn.read(new Uint8Array(1)),
  readFull: (conn) => conn.readFull(new Uint8Array(1)),
  readable: (conn) => conn.readable(),
  chunks: (conn) => conn.chunks().next(),
  select: (conn) => select(conn.onReadable()),
};

for (const [name, call] of Object.entries(WAITS)) {
  both(`${name} takes effect once, despite spurious wake-ups`, function* () {
    const [a, b] = yield* pair();
    using _ = a;
    using __ = b;
    const before = stats().waiters;
    const calling = go(() => call(a));
    yield* disturb(calling);
    assert.equal(stats().waiters, before + 1);
    yield* b.write(Uint8Array.of(1));
    yield* calling.join();
    assert.equal(stats().waiters, before);
  });
}

for (const name of ["write", "writev"] as const) {
  both(`${name} takes effect once, despite spurious wake-ups`, function* () {
    const [a, b] = yield* pair();
    using _ = a;
    using __ = b;
    yield* fill(a);
    const before = stats().waiters;
    const bytes = new Uint8Array(1 << 20);
    const writing = go(() => thrown(name === "write" ? a.write(bytes) : a.writev([bytes])));
    yield* disturb(writing);
    assert.equal(stats().waiters, before + 1);
    a.abort();
    yield* writing.join();
    assert.equal(stats().waiters, before);
  });
}

both("accept, datagrams and wakers take effect once, too", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using packets = yield* listenPacket("udp", "127.0.0.1:0");
  using waker = new Waker();
  const before = stats().waiters;
  const waiting = [
    go(() => thrown(listener.accept())),
    go(() => thrown(packets.readFrom(new Uint8Array(1)))),
    go(() => thrown(waker.wait())),
  ];
  for (const g of waiting) yield* disturb(g);
  assert.equal(stats().waiters, before + 3);
  listener.close();
  packets.close();
  waker.close();
  for (const g of waiting) yield* g.join();
  assert.equal(stats().waiters, before);
});

both("no other wait ends by a spurious wake-up", function* () {
  const ch = chan<number>();
  const mutex = new Mutex();
  yield* mutex.lock();
  const sem = new Semaphore(1);
  yield* sem.acquire();
  const wg = new WaitGroup();
  wg.add(1);
  const [a, b] = pipe();
  const sleeping = go(() => sleep(200));
  const waiting = [
    go(() => ch.recv()),
    go(() => select(ch.onRecv())),
    go(() => mutex.lock()),
    go(() => sem.acquire()),
    go(() => wg.wait()),
    go(() => a.read(new Uint8Array(1))),
    go(() => sleeping.join()),
  ];
  for (const g of [sleeping, ...waiting]) yield* disturb(g);
  yield* ch.send(1);
  yield* ch.send(2);
  mutex.unlock();
  sem.release();
  wg.done();
  yield* b.write(Uint8Array.of(1));
  for (const g of waiting) yield* g.join();
});

/** Abandoned waits for promises that settle later. */
const GIVEN_UP: Record<string, (late: Promise<string[]>) => Routine<unknown>> = {
  wait: (late) => cancellable(wait(late), withTimeout(background(), 5)[0]),
  lookupHost: (lookup) => lookupHost("x.test", { lookup: () => lookup, timeout: 5 }),
};

for (const [name, call] of Object.entries(GIVEN_UP)) {
  only(
    "run",
    `a promise does not wake a goroutine whose ${name} was given up before`,
    function* () {
      let settle = (_: string[]) => {};
      const late = new Promise<string[]>((resolve) => settle = resolve);
      const turns: string[] = [];
      let over = false;
      const waiting = go(function* () {
        yield* thrown(call(late));
        // What it does from here on can be watched, since every turn of it is seen.
        for (;;) {
          turns.push("turn");
          yield scheduler.park("a wait of the test");
          if (over) return;
        }
      });
      yield* parked(waiting, "a wait of the test");
      settle(["127.0.0.1"]);
      yield* wait(late);
      yield* sleep(5);
      assert.deepEqual([turns, waiting.status], [["turn"], "waiting"]);
      over = true;
      scheduler.ready(waiting as G);
      yield* waiting.join();
    },
  );
}

test("a deadlock under runSync is detected despite earlier spurious wake-ups", () => {
  runSync(function* () {
    const [a, b] = yield* pair();
    const reading = go(() => a.read(new Uint8Array(1)));
    yield* disturb(reading);
    yield* b.write(Uint8Array.of(1));
    yield* reading.join();
    a.abort();
    b.abort();
  });
  assert.throws(() => runSync(() => chan<number>().recv()), DeadlockError);
});

both("a dial takes effect once, despite spurious wake-ups", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0", { backlog: 1 });
  const queued: Conn[] = [];
  const before = () => stats().waiters;
  try {
    for (;;) queued.push(yield* dial("tcp", String(listener.addr), { timeout: 50 }));
  } catch (error) {
    assert.ok(isTimeout(error));
  }
  const waiters = before();
  const dialling = go(() => thrown(dial("tcp", String(listener.addr), { timeout: 200 })));
  yield* disturb(dialling);
  assert.equal(before(), waiters + 1);
  yield* dialling.join();
  for (const conn of queued) conn.abort();
});
