// SPDX-License-Identifier: MIT
/**
 * Mutex, after Go's sync/mutex_test.go; and what it means to be ended in the middle, for all that
 * goroutines wait for in this folder.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type G, type Goroutine, PanicError, type Routine } from "../../src/sched/goroutine.ts";
import { go, gosched, run, runSync, sleep } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { Cond } from "../../src/sync/cond.ts";
import { Mutex } from "../../src/sync/mutex.ts";
import { RWMutex } from "../../src/sync/rw_mutex.ts";
import { Semaphore } from "../../src/sync/semaphore.ts";
import { WaitGroup } from "../../src/sync/wait_group.ts";
import { assertNothingLeft, both, openSockets, parked, thrown } from "../support/harness.ts";

both("Mutex: ten goroutines contend, and one at a time holds it", function* () {
  const mu = new Mutex();
  const wg = new WaitGroup();
  let inside = 0;
  let rounds = 0;
  for (let i = 0; i < 10; i++) {
    wg.go(function* hammer() {
      for (let j = 0; j < 1000; j++) {
        if (j % 3 === 0 && mu.tryLock()) {
          mu.unlock();
          continue;
        }
        yield* mu.lock();
        assert.equal(++inside, 1);
        if (j % 2 === 0) yield* gosched();
        inside--;
        rounds++;
        mu.unlock();
      }
    });
  }
  yield* wg.wait();
  assert.ok(rounds >= 6000, `${rounds} rounds`);
  assert.ok(mu.tryLock(), "still locked");
});

both("Mutex.tryLock() locks a free mutex and never a held one", function* () {
  const mu = new Mutex();
  assert.equal(mu.tryLock(), true);
  assert.equal(mu.tryLock(), false);
  mu.unlock();
  yield* mu.lock();
  assert.equal(mu.tryLock(), false);
  mu.unlock();
});

both("Mutex misuse: unlock of an unlocked mutex is Go's panic", function* () {
  const panic = new PanicError("sync: unlock of unlocked mutex");
  const mu = new Mutex();
  assert.throws(() => mu.unlock(), panic);
  yield* mu.lock();
  mu.unlock();
  assert.throws(() => mu.unlock(), panic);
  assert.ok(mu.tryLock(), "a failed unlock left it locked");
});

both("Mutex: lock() outside any goroutine is a panic, not a wait", function* () {
  const mu = new Mutex();
  yield* mu.lock();
  const g = scheduler.current;
  scheduler.current = null;
  try {
    assert.throws(() => mu.lock().next(), new PanicError("wait outside a goroutine"));
  } finally {
    scheduler.current = g;
  }
  mu.unlock();
  assert.ok(mu.tryLock());
});

both("Mutex fairness: a goroutine that locks again and again does not starve others", function* () {
  const mu = new Mutex();
  let stop = false;
  const greedy = go(function* greedy() {
    while (!stop) {
      yield* mu.lock();
      yield* sleep(0.1);
      mu.unlock();
    }
  });
  for (let i = 0; i < 10; i++) {
    yield* sleep(0.1);
    yield* mu.lock();
    mu.unlock();
  }
  stop = true;
  yield* greedy.join();
});

both(
  "Mutex fairness: a holder that never parks does not starve others",
  function* () {
    const mu = new Mutex();
    let stop = false;
    const busy = go(function* busy() {
      while (!stop) {
        yield* mu.lock();
        mu.unlock();
      }
    });
    yield* gosched();
    stop = true;
    yield* busy.join();
  },
);

both("Mutex is granted in FIFO order, without barging", function* () {
  const mu = new Mutex();
  const order: number[] = [];
  yield* mu.lock();
  const waiting = [0, 1, 2, 3, 4].map((i) =>
    go(function* () {
      yield* mu.lock();
      order.push(i);
      mu.unlock();
    })
  );
  for (const g of waiting) yield* parked(g, "sync.Mutex.Lock");
  mu.unlock();
  assert.equal(mu.tryLock(), false, "it belongs to the first that waited");
  for (const g of waiting) yield* g.join();
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

both("Mutex may be unlocked by another goroutine than its holder", function* () {
  const mu = new Mutex();
  yield* mu.lock();
  yield* go(function* () {
    mu.unlock();
  }).join();
  assert.ok(mu.tryLock());
});

both(
  "Mutex.locked() unlocks once at the end of the block, also after an error",
  function* () {
    const mu = new Mutex();
    const error = yield* thrown(function* () {
      using _ = yield* mu.locked();
      assert.equal(mu.tryLock(), false);
      throw new Error("out");
    }());
    assert.equal((error as Error).message, "out");
    const held = yield* mu.locked();
    held[Symbol.dispose]();
    assert.ok(mu.tryLock());
    held[Symbol.dispose]();
    assert.equal(mu.tryLock(), false, "a second disposal unlocked it");
  },
);

both("Mutex: a goroutine ended while waiting leaves the queue", function* () {
  const mu = new Mutex();
  yield* mu.lock();
  const [a, b, c] = [1, 2, 3].map(() => go(() => mu.lock()));
  for (const g of [a, b, c]) yield* parked(g, "sync.Mutex.Lock");
  scheduler.end(b as G);
  mu.unlock();
  yield* a.join();
  assert.equal(c.status, "waiting");
  mu.unlock();
  yield* c.join();
  mu.unlock();
  assert.ok(mu.tryLock());
});

both(
  "Mutex: a goroutine granted the lock and ended before it ran passes the lock on",
  function* () {
    const mu = new Mutex();
    yield* mu.lock();
    const [a, b] = [1, 2].map(() => go(() => mu.lock()));
    for (const g of [a, b]) yield* parked(g, "sync.Mutex.Lock");
    mu.unlock();
    assert.equal(a.status, "runnable");
    scheduler.end(a as G);
    assert.equal(a.status, "dead");
    yield* b.join();
    mu.unlock();
    assert.ok(mu.tryLock());
  },
);

both("Mutex: a goroutine ended at a using declaration releases the lock", function* () {
  const mu = new Mutex();
  const g = go(function* () {
    using _ = yield* mu.locked();
    yield* sleep(60_000);
  });
  yield* parked(g, "sleep");
  assert.equal(mu.tryLock(), false);
  scheduler.end(g as G);
  assert.ok(mu.tryLock());
});

test("Mutex: a goroutine abandoned by its run is not granted a lock", () => {
  const sockets = openSockets();
  const mu = new Mutex();
  const stubborn = function* (): Routine<void> {
    for (;;) {
      try {
        yield* mu.lock();
      } finally {
        yield* stubborn();
      }
    }
  };
  assert.ok(mu.tryLock());
  runSync(function* () {
    go(stubborn);
    yield* gosched();
  });
  assertNothingLeft(sockets);
  // A waiter must not queue behind the goroutine that will never run again.
  runSync(function* () {
    const g = go(() => mu.lock());
    yield* parked(g, "sync.Mutex.Lock");
    mu.unlock();
    yield* g.join();
  });
});

test("Mutex: two runs may share a mutex", async () => {
  const sockets = openSockets();
  const mu = new Mutex();
  const order: string[] = [];
  const first = run(function* () {
    using _ = yield* mu.locked();
    yield* sleep(5);
    order.push("first");
  });
  const second = run(function* () {
    yield* sleep(1);
    using _ = yield* mu.locked();
    order.push("second");
  });
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first", "second"]);
  assertNothingLeft(sockets);
});

/** Small numbers that look random and are the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** What the goroutines below use, and how many are inside of each. */
class Playground {
  readonly mu = new Mutex();
  readonly rw = new RWMutex();
  readonly sem = new Semaphore(3);
  readonly condMu = new Mutex();
  readonly cond = new Cond(this.condMu);
  readonly wg = new WaitGroup();
  inMu = 0;
  readers = 0;
  writers = 0;
  taken = 0;
  inCond = 0;
  tokens = 0;
}

/** One stay in one of them, chosen at random, with a park inside or without. */
function* visit(p: Playground, random: (below: number) => number): Routine<void> {
  const pause = random(3);
  switch (random(6)) {
    case 0: {
      using _ = yield* p.mu.locked();
      yield* inside(() => p.inMu++ === 0, () => p.inMu--, pause);
      break;
    }
    case 1: {
      using _ = yield* p.rw.rlocked();
      yield* inside(() => (p.readers++, p.writers === 0), () => p.readers--, pause);
      break;
    }
    case 2: {
      using _ = yield* p.rw.locked();
      yield* inside(() => p.writers++ === 0 && p.readers === 0, () => p.writers--, pause);
      break;
    }
    case 3: {
      const n = 1 + random(3);
      using _ = yield* p.sem.acquired(n);
      yield* inside(() => (p.taken += n) <= 3, () => p.taken -= n, pause);
      break;
    }
    case 4: {
      using _ = yield* p.condMu.locked();
      while (p.tokens === 0) yield* p.cond.wait();
      p.tokens--;
      yield* inside(() => p.inCond++ === 0, () => p.inCond--, pause);
      break;
    }
    case 5: {
      using _ = yield* p.condMu.locked();
      p.tokens++;
      p.cond.signal();
      yield* inside(() => p.inCond++ === 0, () => p.inCond--, pause);
      break;
    }
  }
}

function* inside(enter: () => boolean, leave: () => void, pause: number): Routine<void> {
  try {
    assert.ok(enter(), "somebody else is inside");
    for (let i = 0; i < pause; i++) yield* gosched();
  } finally {
    leave();
  }
}

/** Ends `count` goroutines at random points, then lets the others finish: nothing may be stuck. */
function* endAtRandom(seed: number, count: number): Routine<void> {
  const random = randomFrom(seed);
  const p = new Playground();
  const living: Goroutine<void>[] = [];
  let ended = 0;
  let left = false;
  const work = function* () {
    while (!left) {
      yield* visit(p, random);
      yield* gosched();
    }
  };
  while (ended < count) {
    while (living.length < 30) living.push(p.wg.go(work));
    for (let i = random(4); i > 0; i--) yield* gosched();
    const [g] = living.splice(random(living.length), 1);
    assert.notEqual(g.status, "dead");
    scheduler.end(g as G);
    // Ended again while it reacquires the lock of the condition, which it must hold at its end.
    if (random(2) === 0) scheduler.end(g as G);
    ended++;
  }
  left = true;
  p.tokens = 1000;
  p.cond.broadcast();
  yield* p.wg.wait();
  for (const g of living) assert.equal(g.status, "dead");
  assert.deepEqual([p.inMu, p.readers, p.writers, p.taken, p.inCond], [0, 0, 0, 0, 0]);
  assert.ok(p.mu.tryLock(), "mutex stuck");
  assert.ok(p.rw.tryLock(), "rw mutex stuck");
  assert.ok(p.sem.tryAcquire(3), "semaphore stuck");
  assert.ok(p.condMu.tryLock(), "the condition's mutex stuck");
}

both("ten thousand goroutines ended at random points block nothing", function* () {
  for (let seed = 1; seed <= 20; seed++) yield* endAtRandom(seed, 500);
});
