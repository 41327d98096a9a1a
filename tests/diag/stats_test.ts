// SPDX-License-Identifier: MIT
/** Counters: each moves by what was done. Go: runtime/metrics. */
import assert from "node:assert/strict";
import { go, gosched, listenPacket, sleep, type Stats, stats } from "../../mod.ts";
import { both, only, pair, until } from "../support/harness.ts";
import { wait } from "../../mod.ts";

/** How much each has moved since `before`. */
function since(before: Stats): Stats {
  const now = stats();
  return Object.fromEntries(
    Object.entries(now).map(([name, value]) => [name, value - before[name as keyof Stats]]),
  ) as unknown as Stats;
}

both("goroutines and their turns are counted", function* () {
  const before = stats();
  const all = Array.from({ length: 10 }, () =>
    go(function* () {
      for (let i = 0; i < 5; i++) yield* gosched();
    }));
  assert.deepEqual([since(before).goroutines, since(before).spawned], [10, 10]);
  for (const g of all) yield* g.join();
  const moved = since(before);
  assert.deepEqual([moved.goroutines, moved.spawned, moved.finished], [0, 10, 10]);
  assert.ok(moved.switches >= 60, `${moved.switches} turns`);
});

both("bytes, descriptors, their waits, and calls that would block are counted", function* () {
  const before = stats();
  const [a, b] = yield* pair();
  assert.equal(since(before).descriptors, 2);
  const quiet = stats();
  const reader = go(function* () {
    yield* b.readFull(new Uint8Array(100_000));
  });
  yield* until(() => reader.status === "waiting");
  assert.equal(since(quiet).waiters, 1);
  yield* a.write(new Uint8Array(60_000));
  yield* a.writev([new Uint8Array(10_000), new Uint8Array(30_000)]);
  yield* reader.join();
  const moved = since(quiet);
  assert.equal(moved.bytesWritten, 100_000);
  assert.equal(moved.bytesRead, 100_000);
  assert.ok(moved.again >= 1, "the first read found nothing");
  assert.ok(moved.polls >= 1);
  assert.ok(moved.wakeUps >= 1, "the poller woke the reader");
  a.close();
  b.close();
  yield* until(() => stats().descriptors === before.descriptors);
});

both("datagrams", function* () {
  const a = yield* listenPacket("udp", "127.0.0.1:0");
  const b = yield* listenPacket("udp", "127.0.0.1:0");
  const before = stats();
  yield* a.writeTo(new Uint8Array(7), b.localAddr);
  yield* b.readFrom(new Uint8Array(20));
  assert.deepEqual([since(before).bytesWritten, since(before).bytesRead], [7, 7]);
  a.close();
  b.close();
});

both("timers", function* () {
  yield* gosched(); // By now the timer of the test's own limit is set.
  const before = stats();
  const g = go(() => sleep(5));
  yield* gosched(); // It is its turn, and it parks.
  assert.equal(since(before).timers, 1);
  yield* g.join();
  assert.equal(since(before).timers, 0);
});

only("run", "promises", function* () {
  const before = stats();
  const g = go(() => wait(new Promise<void>((resolve) => setTimeout(resolve, 5))));
  yield* gosched();
  assert.equal(since(before).promises, 1);
  yield* g.join();
  assert.equal(since(before).promises, 0);
});
