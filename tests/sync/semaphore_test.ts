// SPDX-License-Identifier: MIT
/** Semaphore, after golang.org/x/sync/semaphore's semaphore_test.go. */
import assert from "node:assert/strict";
import { type G, type Goroutine, PanicError, type Routine } from "../../src/sched/goroutine.ts";
import { go, gosched, sleep } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { background } from "../../src/context/context.ts";
import { withCancel, withTimeout } from "../../src/context/with_cancel.ts";
import { CanceledError, DeadlineExceededError } from "../../src/context/errors.ts";
import { Semaphore } from "../../src/sync/semaphore.ts";
import { WaitGroup } from "../../src/sync/wait_group.ts";
import { both, thrown, until } from "../support/harness.ts";

function* parked(g: Goroutine): Routine<void> {
  yield* until(() => g.status === "waiting" && g.waitReason === "semaphore");
}

both("Semaphore: under contention with all weights, its size is never exceeded", function* () {
  const sem = new Semaphore(8);
  const wg = new WaitGroup();
  let taken = 0;
  for (let i = 0; i < 16; i++) {
    const n = 1 + i % 8;
    wg.go(function* () {
      for (let j = 0; j < 100; j++) {
        yield* sem.acquire(n);
        taken += n;
        assert.ok(taken <= 8);
        yield* gosched();
        taken -= n;
        sem.release(n);
      }
    });
  }
  yield* wg.wait();
  assert.ok(sem.tryAcquire(8));
});

both("Semaphore misuse: releasing more than is held is Go's panic", function* () {
  const sem = new Semaphore(1);
  const panic = new PanicError("semaphore: released more than held");
  assert.throws(() => sem.release(), panic);
  yield* sem.acquire();
  assert.throws(() => sem.release(2), panic);
  sem.release();
  for (const n of [-1, NaN]) {
    assert.throws(() => new Semaphore(n), RangeError);
    assert.throws(() => sem.tryAcquire(n), RangeError);
    assert.throws(() => sem.release(n), RangeError);
    assert.ok((yield* thrown(sem.acquire(n))) instanceof RangeError);
  }
});

both("Semaphore.tryAcquire() acquires what is free", function* () {
  const sem = new Semaphore(2);
  const tries: boolean[] = [];
  yield* sem.acquire(1);
  tries.push(sem.tryAcquire(1), sem.tryAcquire(1));
  sem.release(2);
  tries.push(sem.tryAcquire(1));
  yield* sem.acquire(1);
  tries.push(sem.tryAcquire(1));
  assert.deepEqual(tries, [true, false, true, false]);
});

both("Semaphore.acquire() acquires, waits, and fails with its context", function* () {
  const sem = new Semaphore(2);
  const [ctx, cancel] = withCancel(background());
  yield* sem.acquire(2, ctx);
  const [late, stop] = withTimeout(background(), 2);
  assert.ok((yield* thrown(sem.acquire(1, late))) instanceof DeadlineExceededError);
  stop();
  const controller = new AbortController();
  const waiting = go(() => thrown(sem.acquire(1, controller.signal)));
  yield* parked(waiting);
  controller.abort();
  assert.ok((yield* waiting.join()) instanceof CanceledError);
  sem.release(2);
  cancel();
  const over = yield* thrown(sem.acquire(1, ctx));
  assert.ok(over instanceof CanceledError, "over already, though it is free");
  assert.ok(sem.tryAcquire(2), "nothing was taken by those who gave up");
});

both("Semaphore: its context keeps no finished waiter", function* () {
  const sem = new Semaphore(1);
  const [ctx, cancel] = withCancel(background());
  yield* sem.acquire(1, ctx);
  const [served, ended] = [1, 2].map(() => go(() => sem.acquire(1, ctx)));
  for (const g of [served, ended]) yield* parked(g);
  assert.equal(ctx.canceller!.children!.size, 2);
  sem.release();
  yield* served.join();
  assert.equal(ctx.canceller!.children!.size, 1);
  scheduler.end(ended as G);
  assert.equal(ctx.canceller!.children!.size, 0);
  cancel();
  sem.release();
});

both(
  "Semaphore: a request above the size waits for its context, and blocks no other",
  function* () {
    const sem = new Semaphore(2);
    const [ctx, cancel] = withCancel(background());
    const greedy = go(() => sem.acquire(3, ctx));
    const hopeless = go(() => sem.acquire(3));
    yield* parked(hopeless);
    assert.ok(sem.tryAcquire(1));
    yield* sem.acquire(1);
    const waiter = go(() => thrown(greedy.join()));
    yield* gosched();
    cancel();
    assert.ok((yield* waiter.join()) instanceof CanceledError);
    scheduler.end(hopeless as G);
    sem.release(2);
  },
);

both("Semaphore: a large request does not starve behind continuous small ones", function* () {
  const n = 8;
  const sem = new Semaphore(n);
  const wg = new WaitGroup();
  let running = true;
  yield* sem.acquire(1);
  for (let i = 0; i < n; i++) {
    wg.go(function* () {
      yield* sem.acquire(1);
      while (running) {
        yield* sleep(0.1);
        sem.release(1);
        yield* sem.acquire(1);
      }
      sem.release(1);
    });
  }
  yield* sleep(1);
  sem.release(1);
  yield* sem.acquire(n);
  running = false;
  sem.release(n);
  yield* wg.wait();
});

both("Semaphore: a large request is not overtaken", function* () {
  const sem = new Semaphore(3);
  yield* sem.acquire(2);
  const much = go(() => sem.acquire(2));
  yield* parked(much);
  assert.equal(sem.tryAcquire(1), false, "past one that waits");
  const little = go(() => sem.acquire(1));
  yield* parked(little);
  sem.release(2);
  yield* much.join();
  yield* little.join();
  sem.release(3);
});

both("Semaphore: when the first waiter is canceled, those behind it are served", function* () {
  for (const how of ["ended", "cancelled"]) {
    const sem = new Semaphore(2);
    const [ctx, cancel] = withCancel(background());
    yield* sem.acquire(1);
    const much = go(() => thrown(sem.acquire(2, ctx)));
    yield* parked(much);
    const little = go(() => sem.acquire(1));
    yield* parked(little);
    if (how === "ended") scheduler.end(much as G);
    else cancel();
    yield* little.join();
    cancel();
    sem.release(2);
    assert.ok(sem.tryAcquire(2));
  }
});

both("Semaphore: a grant to a goroutine ended before it ran is passed on", function* () {
  for (const how of ["ended", "cancelled"]) {
    const sem = new Semaphore(1);
    const [ctx, cancel] = withCancel(background());
    yield* sem.acquire();
    const first = go(() => thrown(sem.acquire(1, ctx)));
    yield* parked(first);
    const second = go(() => sem.acquire());
    yield* parked(second);
    sem.release();
    assert.equal(first.status, "runnable");
    if (how === "ended") scheduler.end(first as G);
    else cancel();
    yield* second.join();
    if (how === "cancelled") assert.ok((yield* first.join()) instanceof CanceledError);
    cancel();
    sem.release();
    assert.ok(sem.tryAcquire());
  }
});

both("Semaphore.acquired() releases at the end of the block", function* () {
  const sem = new Semaphore(3);
  {
    using _ = yield* sem.acquired();
    using __ = yield* sem.acquired(2, background());
    assert.equal(sem.tryAcquire(), false);
  }
  assert.ok(sem.tryAcquire(3));
});
