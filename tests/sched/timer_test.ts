// SPDX-License-Identifier: MIT
/** The heap of timers against a sorted list, with a fixed seed. Go: runtime/time.go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HeapTimer, TimerHeap } from "../../src/sched/timer.ts";

/** Numbers that look random and are the same each time. */
function generator(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

test("timers fire in the order of their times, whatever was set, put off and stopped", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = generator(seed);
    const heap = new TimerHeap();
    const fired: number[] = [];
    const timers = Array.from({ length: 200 }, () => {
      const timer: HeapTimer = new HeapTimer(() => fired.push(timer.when));
      return timer;
    });
    for (let step = 0; step < 1000; step++) {
      const timer = timers[random() % timers.length];
      if (random() % 4 === 0) heap.stop(timer);
      else heap.set(timer, random() % 10_000);
    }
    const expected = timers.filter((t) => t.active).map((t) => t.when).sort((a, b) => a - b);
    assert.equal(heap.size, expected.length);
    for (let now = 0; now <= 10_000; now += 100) heap.fire(now);
    assert.deepEqual(fired, expected, `seed ${seed}`);
    assert.equal(heap.size, 0);
    assert.equal(heap.next, Infinity);
  }
});

test("a timer that was put off does not fire at its first time", () => {
  const heap = new TimerHeap();
  let fired = 0;
  const timer = new HeapTimer(() => fired++);
  heap.set(timer, 10);
  heap.set(timer, 20);
  assert.equal(heap.fire(15), 0);
  assert.equal(fired, 0);
  assert.equal(timer.active, true);
  assert.equal(heap.fire(20), 1);
  assert.equal(fired, 1);
  assert.equal(timer.active, false);
});

test("a timer may set itself and stop others while it fires", () => {
  const heap = new TimerHeap();
  const fired: string[] = [];
  const victim = new HeapTimer(() => fired.push("victim"));
  const again: HeapTimer = new HeapTimer(() => {
    fired.push("again");
    heap.stop(victim);
    if (fired.length < 3) heap.set(again, again.when + 10);
  });
  heap.set(again, 10);
  heap.set(victim, 15);
  heap.fire(12);
  heap.fire(40);
  assert.deepEqual(fired, ["again", "again", "again"]);
});

test("stop() of a timer that is not active says so", () => {
  const heap = new TimerHeap();
  const timer = new HeapTimer(() => {});
  assert.equal(heap.stop(timer), false);
  heap.set(timer, 1);
  assert.equal(heap.stop(timer), true);
  assert.equal(heap.stop(timer), false);
});
