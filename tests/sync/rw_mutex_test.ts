// SPDX-License-Identifier: MIT
/** RWMutex, after Go's sync/rwmutex_test.go. */
import assert from "node:assert/strict";
import { type G, PanicError } from "../../src/sched/goroutine.ts";
import { go, gosched } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { RWMutex } from "../../src/sync/rw_mutex.ts";
import { WaitGroup } from "../../src/sync/wait_group.ts";
import { both, parked, until } from "../support/harness.ts";

const reads = "sync.RWMutex.RLock";
const writes = "sync.RWMutex.Lock";

both("RWMutex: readers share it", function* () {
  for (const n of [1, 3, 4]) {
    const mu = new RWMutex();
    let together = 0;
    let out = false;
    const readers = Array.from({ length: n }, () =>
      go(function* reader() {
        yield* mu.rlock();
        together++;
        while (!out) yield* gosched();
        mu.runlock();
      }));
    yield* until(() => together === n);
    out = true;
    for (const g of readers) yield* g.join();
    assert.ok(mu.tryLock());
  }
});

both("RWMutex: a writer is alone under contention", function* () {
  for (const [writers, readers] of [[1, 1], [1, 10], [10, 10], [10, 3], [2, 50]]) {
    const mu = new RWMutex();
    const wg = new WaitGroup();
    let writing = 0;
    let reading = 0;
    let most = 0;
    const writer = function* () {
      for (let i = 0; i < 200; i++) {
        yield* mu.lock();
        assert.equal(++writing, 1);
        assert.equal(reading, 0);
        yield* gosched();
        writing--;
        mu.unlock();
      }
    };
    const reader = function* () {
      for (let i = 0; i < 200; i++) {
        yield* mu.rlock();
        most = Math.max(most, ++reading);
        assert.equal(writing, 0);
        yield* gosched();
        reading--;
        mu.runlock();
      }
    };
    for (let i = 0; i < writers; i++) wg.go(writer);
    for (let i = 0; i < readers; i++) wg.go(reader);
    yield* wg.wait();
    assert.ok(most > 1 || readers === 1, "readers were never together");
    assert.ok(mu.tryLock());
  }
});

both("RWMutex.tryLock() and tryRLock() lock a free mutex and nothing else", function* () {
  const mu = new RWMutex();
  assert.equal(mu.tryRLock(), true);
  assert.equal(mu.tryRLock(), true);
  assert.equal(mu.tryLock(), false);
  mu.runlock();
  mu.runlock();
  assert.equal(mu.tryLock(), true);
  assert.equal(mu.tryLock(), false);
  assert.equal(mu.tryRLock(), false);
  const writer = (mu.unlock(), mu.tryRLock(), go(() => mu.lock()));
  yield* parked(writer, writes);
  assert.equal(mu.tryRLock(), false, "past a writer that waits");
  mu.runlock();
  yield* writer.join();
  mu.unlock();
});

both("RWMutex misuse: unlock of an unlocked mutex is Go's panic", function* () {
  const unlock = new PanicError("sync: Unlock of unlocked RWMutex");
  const runlock = new PanicError("sync: RUnlock of unlocked RWMutex");
  const mu = new RWMutex();
  assert.throws(() => mu.unlock(), unlock);
  assert.throws(() => mu.runlock(), runlock);
  yield* mu.rlock();
  assert.throws(() => mu.unlock(), unlock);
  mu.runlock();
  yield* mu.lock();
  assert.throws(() => mu.runlock(), runlock);
  mu.unlock();
  assert.ok(mu.tryLock());
});

both("RWMutex.rlocker() locks for reading", function* () {
  const mu = new RWMutex();
  const readers = mu.rlocker();
  yield* readers.lock();
  assert.equal(mu.tryRLock(), true);
  assert.equal(mu.tryLock(), false);
  mu.runlock();
  readers.unlock();
  assert.equal(mu.tryLock(), true);
  const g = go(() => readers.lock());
  yield* parked(g, reads);
  mu.unlock();
  yield* g.join();
  readers.unlock();
});

both("RWMutex: a writer does not starve behind continuous readers", function* () {
  const mu = new RWMutex();
  let wrote = false;
  const reader = function* () {
    while (!wrote) {
      yield* mu.rlock();
      yield* gosched();
      yield* gosched();
      mu.runlock();
    }
  };
  const readers = [go(reader), go(reader), go(reader)];
  yield* gosched();
  yield* mu.lock();
  wrote = true;
  mu.unlock();
  for (const g of readers) yield* g.join();
});

both("RWMutex: readers do not starve behind continuous writers", function* () {
  const mu = new RWMutex();
  let read = false;
  const writer = function* () {
    while (!read) {
      yield* mu.lock();
      yield* gosched();
      mu.unlock();
    }
  };
  const writers = [go(writer), go(writer), go(writer)];
  yield* gosched();
  yield* mu.rlock();
  read = true;
  mu.runlock();
  for (const g of writers) yield* g.join();
});

both("RWMutex: after a writer the waiting readers run, then the next writer", function* () {
  const mu = new RWMutex();
  const order: string[] = [];
  yield* mu.lock();
  const writer = go(function* () {
    yield* mu.lock();
    order.push("writer");
    mu.unlock();
  });
  yield* parked(writer, writes);
  const readers = [1, 2].map(() =>
    go(function* () {
      yield* mu.rlock();
      order.push("reader");
      yield* gosched();
      mu.runlock();
    })
  );
  for (const g of readers) yield* parked(g, reads);
  mu.unlock();
  yield* writer.join();
  assert.deepEqual(order, ["reader", "reader", "writer"]);
});

both("RWMutex: when a waiting writer is ended, the readers behind it run", function* () {
  const mu = new RWMutex();
  yield* mu.rlock();
  const writer = go(() => mu.lock());
  yield* parked(writer, writes);
  const readers = [1, 2].map(() => go(() => mu.rlock()));
  for (const g of readers) yield* parked(g, reads);
  scheduler.end(writer as G);
  for (const g of readers) yield* g.join();
  for (let i = 0; i < 3; i++) mu.runlock();
  assert.ok(mu.tryLock());
});

both(
  "RWMutex: a writer or reader granted the lock and ended before it ran passes it on",
  function* () {
    const mu = new RWMutex();
    yield* mu.lock();
    const a = go(() => mu.lock());
    yield* parked(a, writes);
    const b = go(() => mu.lock());
    yield* parked(b, writes);
    mu.unlock();
    assert.equal(a.status, "runnable");
    scheduler.end(a as G);
    yield* b.join();
    const [c, d] = [1, 2].map(() => go(() => mu.rlock()));
    for (const g of [c, d]) yield* parked(g, reads);
    const e = go(() => mu.lock());
    yield* parked(e, writes);
    mu.unlock();
    scheduler.end(c as G);
    yield* d.join();
    assert.equal(e.status, "waiting");
    mu.runlock();
    yield* e.join();
    mu.unlock();
    assert.ok(mu.tryLock());
  },
);

both("RWMutex.locked() and rlocked() unlock at the end of the block", function* () {
  const mu = new RWMutex();
  {
    using _ = yield* mu.rlocked();
    using __ = yield* mu.rlocked();
    assert.equal(mu.tryLock(), false);
  }
  {
    using _ = yield* mu.locked();
    assert.equal(mu.tryRLock(), false);
  }
  assert.ok(mu.tryLock());
});
