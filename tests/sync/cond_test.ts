// SPDX-License-Identifier: MIT
/** Cond, after Go's sync/cond_test.go. */
import assert from "node:assert/strict";
import { type G, type Goroutine, PanicError, type Routine } from "../../src/sched/goroutine.ts";
import { go, gosched } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { Cond } from "../../src/sync/cond.ts";
import { Mutex } from "../../src/sync/mutex.ts";
import { RWMutex } from "../../src/sync/rw_mutex.ts";
import { both, thrown, until } from "../support/harness.ts";

const waits = (g: Goroutine) => g.status === "waiting" && g.waitReason === "sync.Cond.Wait";

/** Starts goroutines that wait on `cond` once each, and append their numbers to `woken`. */
function* waiters(cond: Cond, count: number, woken: number[]): Routine<Goroutine<void>[]> {
  const all: Goroutine<void>[] = [];
  for (let i = 0; i < count; i++) {
    all.push(go(function* waiter() {
      yield* cond.l.lock();
      try {
        yield* cond.wait();
        woken.push(i);
      } finally {
        cond.l.unlock();
      }
    }));
    yield* until(() => waits(all[i]));
  }
  return all;
}

both("Cond.signal() wakes one goroutine per call, the longest waiting first", function* () {
  const mu = new Mutex();
  const cond = new Cond(mu);
  const woken: number[] = [];
  const all = yield* waiters(cond, 5, woken);
  for (let i = 0; i < 5; i++) {
    yield* mu.lock();
    cond.signal();
    mu.unlock();
    yield* all[i].join();
    assert.deepEqual(woken, [0, 1, 2, 3, 4].slice(0, i + 1));
  }
  cond.signal();
  assert.ok(mu.tryLock());
});

both("Cond.signal() wakes earlier waiters, not later ones", function* () {
  const mu = new Mutex();
  const cond = new Cond(mu);
  const woken: number[] = [];
  const [first] = yield* waiters(cond, 1, woken);
  cond.signal();
  // A second one, before the first has had its turn, does not take the signal from it.
  const second = go(function* () {
    using _ = yield* mu.locked();
    yield* cond.wait();
  });
  yield* first.join();
  yield* until(() => waits(second));
  for (let i = 0; i < 5; i++) yield* gosched();
  assert.ok(waits(second));
  cond.signal();
  yield* second.join();
});

both("Cond.broadcast() wakes all waiters, every time", function* () {
  const mu = new Mutex();
  const cond = new Cond(mu);
  let exit = false;
  let waiting = 0;
  let rounds = 0;
  const n = 200;
  const all = Array.from({ length: n }, () =>
    go(function* () {
      using _ = yield* mu.locked();
      while (!exit) {
        waiting++;
        yield* cond.wait();
        rounds++;
      }
    }));
  for (let i = 0; i < 5; i++) {
    yield* until(() => waiting === n);
    yield* mu.lock();
    waiting = 0;
    if (i === 4) exit = true;
    cond.broadcast();
    mu.unlock();
  }
  for (const g of all) yield* g.join();
  assert.equal(rounds, 5 * n);
  cond.broadcast();
});

both("Cond: three goroutines advance one condition in turn", function* () {
  const mu = new Mutex();
  const cond = new Cond(mu);
  let x = 0;
  const step = function* (from: number, to: number) {
    using _ = yield* mu.locked();
    while (x !== from) yield* cond.wait();
    x = to;
    cond.broadcast();
  };
  const all = [go(step, 2, 3), go(step, 1, 2), go(step, 0, 1)];
  for (const g of all) yield* g.join();
  assert.equal(x, 3);
});

both("Cond misuse: wait() without the lock is the lock's panic", function* () {
  const cond = new Cond(new Mutex());
  assert.deepEqual(
    yield* thrown(cond.wait()),
    new PanicError("sync: unlock of unlocked mutex"),
  );
});

both("Cond works with the read lock of a RWMutex", function* () {
  const mu = new RWMutex();
  const cond = new Cond(mu.rlocker());
  const woken: number[] = [];
  const all = yield* waiters(cond, 2, woken);
  cond.broadcast();
  for (const g of all) yield* g.join();
  assert.ok(mu.tryLock());
});

both("Cond: a goroutine ended in wait() holds the lock in its finally blocks", function* () {
  const mu = new Mutex();
  const cond = new Cond(mu);
  let inFinally = false;
  const g = go(function* () {
    yield* mu.lock();
    try {
      yield* cond.wait();
    } finally {
      inFinally = true;
      mu.unlock();
    }
  });
  yield* until(() => waits(g));
  yield* mu.lock();
  scheduler.end(g as G);
  // Another goroutine has the lock; ended again and again, it goes on waiting for it.
  for (let i = 0; i < 3; i++) scheduler.end(g as G);
  assert.deepEqual([g.status, g.waitReason, inFinally], ["waiting", "sync.Mutex.Lock", false]);
  mu.unlock();
  scheduler.end(g as G);
  yield* until(() => g.status === "dead");
  assert.ok(inFinally);
  assert.ok(mu.tryLock());
});

both("Cond: a signal for an ended goroutine goes to the next waiter", function* () {
  const mu = new Mutex();
  const cond = new Cond(mu);
  const woken: number[] = [];
  const all = yield* waiters(cond, 4, woken);
  scheduler.end(all[0] as G);
  cond.signal();
  // Signalled, and ended before its turn.
  assert.equal(all[1].status, "runnable");
  scheduler.end(all[1] as G);
  yield* all[2].join();
  assert.deepEqual(woken, [2]);
  assert.ok(waits(all[3]));
  // Signalled, and ended while it waits for the lock.
  const last = (yield* waiters(cond, 1, woken))[0];
  yield* mu.lock();
  cond.signal();
  yield* until(() => all[3].waitReason === "sync.Mutex.Lock");
  scheduler.end(all[3] as G);
  mu.unlock();
  yield* last.join();
  assert.deepEqual(woken, [2, 0]);
  assert.ok(mu.tryLock());
});

both("Cond: a goroutine ended after a broadcast wakes no later waiter", function* () {
  let locked = true;
  const cond = new Cond({
    *lock() {
      while (locked) yield* gosched();
    },
    unlock() {},
  });
  const first = go(() => cond.wait());
  yield* until(() => waits(first));
  cond.broadcast();
  yield* until(() => !waits(first));
  const later = go(() => cond.wait());
  yield* until(() => waits(later));
  // Woken together with all who waited then, and ended while it waits for the lock.
  scheduler.end(first as G);
  locked = false;
  yield* until(() => first.status === "dead");
  for (let i = 0; i < 5; i++) yield* gosched();
  assert.ok(waits(later));
  cond.signal();
  yield* later.join();
});

both("Cond: a Locker that fails to lock again fails the wait", function* () {
  const error = new Error("no lock");
  const cond = new Cond({
    *lock() {
      throw error;
    },
    unlock() {},
  });
  const g = go(() => cond.wait());
  yield* until(() => waits(g));
  cond.signal();
  assert.equal(yield* thrown(g.join()), error);
});
