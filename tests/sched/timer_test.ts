// SPDX-License-Identifier: MIT
/** The heap of timers against a sorted list, with a fixed seed. Go: runtime/time.go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CallTimer, NO_SLOT, TimerHeap } from "../../src/sched/timer_heap.ts";

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

test("timers fire in the order of their times, however they were set, moved and stopped", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = generator(seed);
    const heap = new TimerHeap();
    const fired: number[] = [];
    const due = new Map<CallTimer, number>();
    // From few to more than the heap's first arrays hold; from few gaps to mostly gaps.
    const timers = Array.from({ length: 25 * seed }, () => {
      const timer: CallTimer = new CallTimer(() => fired.push(due.get(timer)!));
      return timer;
    });
    for (let step = 0; step < 8000; step++) {
      const timer = timers[random() % timers.length];
      if (random() % 40 < seed) {
        assert.equal(heap.stop(timer), due.delete(timer));
      } else {
        const when = random() % 10_000;
        due.set(timer, when);
        heap.set(timer, when);
      }
      assert.equal(heap.size, due.size);
      if (step % 500 === 0) assert.ok(heap.next <= Math.min(...due.values()));
    }
    assert.deepEqual(new Set(heap.active()), new Set(due.keys()));
    const expected = [...due.values()].sort((a, b) => a - b);
    for (let now = 0; now <= 10_000; now += 100) heap.fire(now);
    assert.deepEqual(fired, expected, `seed ${seed}`);
    assert.equal(heap.size, 0);
    assert.equal(heap.next, Infinity);
  }
});

test("a postponed timer does not fire at its first time", () => {
  const heap = new TimerHeap();
  let fired = 0;
  const timer = new CallTimer(() => fired++);
  heap.set(timer, 10);
  heap.set(timer, 20);
  assert.equal(heap.fire(15), 0);
  assert.equal(fired, 0);
  assert.notEqual(timer.slot, NO_SLOT);
  assert.equal(heap.fire(20), 1);
  assert.equal(fired, 1);
  assert.equal(timer.slot, NO_SLOT);
});

test("a firing timer may reset itself and stop others", () => {
  const heap = new TimerHeap();
  const fired: string[] = [];
  const victim = new CallTimer(() => fired.push("victim"));
  let when = 10;
  const again: CallTimer = new CallTimer(() => {
    fired.push("again");
    heap.stop(victim);
    if (fired.length < 3) heap.set(again, when += 10);
  });
  heap.set(again, when);
  heap.set(victim, 15);
  heap.fire(12);
  heap.fire(40);
  assert.deepEqual(fired, ["again", "again", "again"]);
});

test("stop() of an inactive timer returns false", () => {
  const heap = new TimerHeap();
  const timer = new CallTimer(() => {});
  assert.equal(heap.stop(timer), false);
  heap.set(timer, 1);
  assert.equal(heap.stop(timer), true);
  assert.equal(heap.stop(timer), false);
});

test("many timers stopped in order, in reverse and at random leave the rest in order", () => {
  const stops: Record<string, (i: number, n: number) => number> = {
    "in order": (i) => i,
    "in reverse": (i, n) => n - 1 - i,
    "at random": (i, n) => (i * 7919) % n,
  };
  for (const [how, stopped] of Object.entries(stops)) {
    const heap = new TimerHeap();
    const fired: number[] = [];
    const count = 10_000;
    const timers = Array.from({ length: count }, (_, i) => new CallTimer(() => fired.push(i)));
    timers.forEach((timer, i) => heap.set(timer, i));
    for (let i = 0; i < count; i++) {
      const at = stopped(i, count);
      if (at % 100 !== 0) assert.equal(heap.stop(timers[at]), true, how);
    }
    assert.equal(heap.next, 0, how);
    assert.equal(heap.fire(count), 100, how);
    assert.deepEqual(fired, Array.from({ length: 100 }, (_, i) => i * 100), how);
  }
});

test("the listener is notified of each new earliest time", () => {
  const heap = new TimerHeap();
  let told = 0;
  heap.onEarlier = () => told++;
  const [a, b] = [new CallTimer(() => {}), new CallTimer(() => {})];
  heap.set(a, 20);
  assert.equal(told, 1);
  heap.set(b, 30);
  assert.equal(told, 1, "a later one");
  heap.set(b, 10);
  assert.equal(told, 2, "one that was moved to the front");
  heap.set(b, 40);
  assert.equal(told, 2, "one that was put off");
});
