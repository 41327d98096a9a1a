// SPDX-License-Identifier: MIT
/** Select: what Go's runtime/chan_test.go and test/chan ask of it, and the cases that Go has not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadlockError, dump, go, gosched, type Routine, run, runSync, wait } from "../../mod.ts";
import { type G, type Goroutine, PanicError } from "../../src/sched/goroutine.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { chan } from "../../src/chan/channel.ts";
import type { Chan } from "../../src/chan/chan.ts";
import type { Channel } from "../../src/chan/channel.ts";
import { select } from "../../src/chan/select.ts";
import {
  otherwise,
  type SelectArm,
  type SelectCase,
  type SelectWaiter,
} from "../../src/chan/select_case.ts";
import { onPromise } from "../../src/chan/promise_case.ts";
import { random, seedSelect } from "../../src/chan/select_random.ts";
import { after } from "../../src/time/timer.ts";
import { both, only, thrown, until } from "../support/harness.ts";

function end(g: Goroutine): void {
  scheduler.end(g as G);
}

function nobodyWaits<T>(ch: Chan<T>): boolean {
  const { receivers, senders } = ch as Channel<T>;
  return receivers.first === null && senders.first === null;
}

/** The statistic of how far `counts` are from being equal. */
function chiSquare(counts: number[]): number {
  const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
}

/** What chi-square exceeds once in 100,000 times by chance, for degrees of freedom 1 to 7. */
const CHI_SQUARE_LIMIT = [0, 19.5, 23.0, 25.9, 28.5, 30.9, 33.1, 35.3];

both("a ready case is chosen at once, with its result", function* () {
  const [a, b] = [chan<number>(1), chan<string>(1)];
  yield* a.send(5);
  assert.deepEqual(yield* select(a.onRecv()), { index: 0, value: 5, ok: true });
  assert.deepEqual(yield* select(a.onRecv(), b.onSend("x")), {
    index: 1,
    value: undefined,
    ok: true,
  });
  assert.deepEqual(b.tryRecv(), { value: "x", ok: true });
  b.close();
  assert.deepEqual(yield* select(a.onRecv(), b.onRecv()), {
    index: 1,
    value: undefined,
    ok: false,
  });
});

both("the type of a value follows from the index and from ok", function* () {
  const [numbers, texts] = [chan<number>(1), chan<string>(1)];
  yield* numbers.send(5);
  const got = yield* select(numbers.onRecv(), texts.onSend("x"), null, otherwise);
  if (got.index === 0) {
    const maybe: number | undefined = got.value;
    assert.equal(maybe === undefined || maybe === 5, true);
    if (got.ok) {
      const sure: number = got.value;
      assert.equal(sure, 5);
    }
  } else if (got.index === 1) {
    const [value, ok]: [undefined, true] = [got.value, got.ok];
    assert.deepEqual([value, ok], [undefined, true]);
  } else {
    // @ts-expect-error A nil channel's case has no outcome, so that 2 is no index.
    const never: 2 = got.index;
    assert.equal(never as number, 3);
  }
  const arms: SelectArm[] = [otherwise];
  const { index }: { index: number } = yield* select(...arms);
  assert.equal(index, 0);
});

both(
  "otherwise is chosen only if no case is ready, and has the index of its position",
  function* () {
    const ch = chan<number>(1);
    const nothing = { index: 1, value: undefined, ok: false };
    assert.deepEqual(yield* select(ch.onRecv(), otherwise), nothing);
    assert.equal((yield* select(otherwise, ch.onRecv())).index, 0);
    assert.deepEqual(yield* select(null, otherwise, ch.onRecv()), nothing);
    for (let i = 0; i < 100; i++) {
      yield* ch.send(i);
      assert.equal((yield* select(otherwise, ch.onRecv())).index, 1);
    }
  },
);

both("a null case is never ready and keeps its index", function* () {
  const ch = chan<number>(1);
  yield* ch.send(1);
  assert.equal((yield* select(null, ch.onRecv(), null)).index, 1);
  const g = go(() => select(null, null, ch.onRecv()));
  yield* until(() => g.waitReason === "select");
  yield* ch.send(2);
  assert.deepEqual(yield* g.join(), { index: 2, value: 2, ok: true });
});

both("select without a ready case waits for ever", function* () {
  const none = go(function* none() {
    yield* select();
  });
  const nil = go(function* nil() {
    yield* select(null, null);
  });
  yield* until(() => none.status === "waiting" && nil.status === "waiting");
  for (let i = 0; i < 10; i++) yield* gosched();
  assert.match(dump(), /\[select \(no cases\), \d+ ms\]: none/);
  assert.match(dump(), /\[select, \d+ ms\]: nil/);
  end(none);
  end(nil);
});

test("a select that can never be woken is a deadlock", () => {
  assert.throws(() => runSync(() => select()), DeadlockError);
  assert.throws(() => runSync(() => select(chan().onRecv(), null)), DeadlockError);
});

both("select waits for the first ready case, and leaves the others unchanged", function* () {
  const [a, b, c] = [chan<number>(), chan<number>(), chan<number>()];
  const all = [a, b, c];
  for (let winner = 0; winner < 3; winner++) {
    const g = go(() => select(a.onRecv(), b.onRecv(), c.onRecv()));
    yield* until(() => g.status === "waiting");
    yield* all[winner].send(winner * 10);
    assert.deepEqual(yield* g.join(), { index: winner, value: winner * 10, ok: true });
    assert.ok(all.every(nobodyWaits));
    assert.ok(all.every((ch) => ch.tryRecv() === null && !ch.trySend(0)));
  }
});

both("a send case waits for its receiver, and sends only then", function* () {
  const [a, b] = [chan<number>(), chan<number>()];
  const g = go(() => select(a.onSend(1), b.onSend(2)));
  yield* until(() => g.status === "waiting");
  assert.equal(yield* b.recv(), 2);
  assert.deepEqual(yield* g.join(), { index: 1, value: undefined, ok: true });
  assert.equal(a.tryRecv(), null);
  assert.ok(nobodyWaits(a) && nobodyWaits(b));
});

both("of two cases that become ready at once, one is chosen and the other unchanged", function* () {
  const [a, b] = [chan<string>(), chan<string>()];
  const g = go(() => select(a.onRecv(), b.onRecv()));
  yield* until(() => g.status === "waiting");
  assert.equal(a.trySend("a"), true);
  assert.equal(b.trySend("b"), false, "the select has been decided");
  assert.equal((yield* g.join()).value, "a");
});

both("a losing case does not block waiters behind it", function* () {
  const [a, b] = [chan<string>(), chan<string>()];
  const chooser = go(() => select(a.onRecv(), b.onRecv()));
  yield* until(() => chooser.status === "waiting");
  const behind = go(() => b.recv());
  yield* until(() => behind.status === "waiting");
  a.trySend("a");
  assert.equal(b.trySend("b"), true);
  assert.equal(yield* behind.join(), "b");
  assert.equal((yield* chooser.join()).index, 0);
});

both("close wakes select: a receive ends, a send fails", function* () {
  const [a, b, c] = [chan<number>(), chan<number>(), chan<number>()];
  const receiver = go(() => select(b.onRecv(), a.onRecv()));
  const sender = go(() => thrown(select(a.onRecv(), c.onSend(1), c.onSend(2))));
  yield* until(() => receiver.status === "waiting" && sender.status === "waiting");
  b.close();
  c.close();
  assert.deepEqual(yield* receiver.join(), { index: 0, value: undefined, ok: false });
  const error = yield* sender.join();
  assert.ok(error instanceof PanicError && error.message === "send on closed channel");
  assert.ok([a, b, c].every(nobodyWaits));
});

both("a send case on a closed channel fails when it is chosen, as in Go", function* () {
  const [open, closed] = [chan<number>(1000), chan<number>()];
  closed.close();
  seedSelect(1);
  let panics = 0;
  for (let i = 0; i < 200; i++) {
    try {
      assert.equal((yield* select(open.onSend(i), closed.onSend(i))).index, 0);
    } catch (error) {
      assert.ok(error instanceof PanicError && error.message === "send on closed channel");
      panics++;
    }
  }
  assert.ok(panics > 50 && panics < 150, `${panics} of 200`);
  assert.equal(open.length, 200 - panics);
});

both("a select that sends and receives on one channel does not meet itself", function* () {
  const ch = chan<number>();
  const g = go(() => select(ch.onSend(1), ch.onRecv()));
  yield* until(() => g.status === "waiting");
  for (let i = 0; i < 10; i++) yield* gosched();
  assert.equal(g.status, "waiting");
  yield* ch.send(2);
  assert.deepEqual(yield* g.join(), { index: 1, value: 2, ok: true });
});

both("two selects that each send and receive on one channel meet each other", function* () {
  for (const capacity of [0, 10]) {
    const ch = chan<number>(capacity);
    const partners = [0, 1].map((me) =>
      go(function* () {
        for (let i = 0; i < 1000; i++) {
          const got = yield* select(ch.onSend(me), ch.onRecv());
          if (capacity === 0 && got.index === 1) assert.equal(got.value, 1 - me);
          if (i % 10 === 0) yield* gosched();
        }
        // The other may be left with an odd one.
        return true;
      })
    );
    yield* until(() => partners.some((g) => g.status === "dead"));
    for (let other; (other = partners.find((g) => g.status !== "dead")) !== undefined;) {
      yield* select(ch.onSend(-1), ch.onRecv(), otherwise);
      if (other.status === "waiting") end(other);
      yield* gosched();
    }
    assert.ok(nobodyWaits(ch));
  }
});

both("the same channel may be in several cases, all of which are chosen", function* () {
  const ch = chan<number>();
  seedSelect(7);
  const seen = [0, 0, 0];
  const g = go(function* () {
    for (let i = 0; i < 300; i++) {
      seen[(yield* select(ch.onRecv(), ch.onRecv(), ch.onRecv())).index]++;
    }
  });
  for (let i = 0; i < 300; i++) {
    yield* ch.send(i);
    if (i % 3 === 0) yield* gosched();
  }
  yield* g.join();
  assert.equal(seen[0] + seen[1] + seen[2], 300);
  assert.ok(nobodyWaits(ch));
  const buffered = chan<number>(1);
  const counts = [0, 0, 0];
  for (let i = 0; i < 3000; i++) {
    yield* buffered.send(i);
    counts[(yield* select(buffered.onRecv(), buffered.onRecv(), buffered.onRecv())).index]++;
  }
  assert.ok(chiSquare(counts) < CHI_SQUARE_LIMIT[2], String(counts));
});

for (const ready of [[0, 1], [0, 1, 2], [0, 2], [1, 2, 4], [0, 1, 2, 3, 4, 5, 6, 7]]) {
  both(`of 8 cases the ready ones, ${ready}, are equally likely`, function* () {
    seedSelect(2026);
    const all = Array.from({ length: 8 }, () => chan<number>(1));
    for (const i of ready) yield* all[i].send(i);
    const counts = ready.map(() => 0);
    for (let i = 0; i < 8000; i++) {
      const [a, b, c, d, e, f, g, h] = all.map((ch) => ch.onRecv());
      const { index, value } = yield* select(a, b, c, d, e, f, g, h);
      counts[ready.indexOf(index)]++;
      yield* all[index].send(value!);
    }
    assert.ok(chiSquare(counts) < CHI_SQUARE_LIMIT[ready.length - 1], String(counts));
  });
}

test("the random choice is uniform, repeatable by its seed, and works with any seed", () => {
  for (const n of [2, 3, 5, 8]) {
    for (const seed of [0, 1, 42, 0xffffffff]) {
      seedSelect(seed);
      const counts = new Array<number>(n).fill(0);
      for (let i = 0; i < 40_000; i++) counts[random(n)]++;
      assert.ok(chiSquare(counts) < CHI_SQUARE_LIMIT[n - 1], `${n}, ${seed}: ${counts}`);
    }
  }
  const draw = () => Array.from({ length: 20 }, () => random(1000));
  seedSelect(99);
  const first = draw();
  assert.notDeepEqual(draw(), first);
  seedSelect(99);
  assert.deepEqual(draw(), first);
  for (let i = 0; i < 1000; i++) assert.ok(random(1_000_000) < 1_000_000);
});

both("the same seed makes the same choices", function* () {
  const all = [chan<number>(1), chan<number>(1), chan<number>(1)];
  for (const ch of all) yield* ch.send(0);
  const choices: string[] = [];
  for (const seed of [11, 12, 11]) {
    seedSelect(seed);
    let chosen = "";
    for (let i = 0; i < 50; i++) {
      const { index } = yield* select(all[0].onRecv(), all[1].onRecv(), all[2].onRecv());
      chosen += index;
      yield* all[index].send(0);
    }
    choices.push(chosen);
  }
  assert.equal(choices[0], choices[2]);
  assert.notEqual(choices[0], choices[1]);
});

both("a select works with thousands of cases", function* () {
  const all = Array.from({ length: 5000 }, () => chan<number>(1));
  const g = go(() => select(...all.map((ch) => ch.onRecv())));
  yield* until(() => g.status === "waiting");
  yield* all[4321].send(7);
  assert.deepEqual(yield* g.join(), { index: 4321, value: 7, ok: true });
  assert.ok(all.every(nobodyWaits));
});

both("neither of two busy channels is starved", function* () {
  const [a, b, done] = [chan<number>(), chan<number>(), chan<never>()];
  seedSelect(3);
  const feeders = [a, b].map((ch, i) =>
    go(function* () {
      while ((yield* select(ch.onSend(i), done.onRecv())).index === 0);
    })
  );
  const counts = [0, 0];
  for (let i = 0; i < 10_000; i++) {
    // Go's test as well lets both become ready again before it asks.
    yield* gosched();
    counts[(yield* select(a.onRecv(), b.onRecv())).index]++;
  }
  done.close();
  for (const g of feeders) yield* g.join();
  assert.ok(chiSquare(counts) < CHI_SQUARE_LIMIT[1], String(counts));
});

both("four channels under stress lose nothing, used singly and by selects", function* () {
  const n = 500;
  const all = [chan<number>(), chan<number>(), chan<number>(2), chan<number>(3)];
  const goroutines: Goroutine[] = [];
  for (const ch of all) {
    goroutines.push(go(function* () {
      for (let i = 0; i < n; i++) yield* ch.send(0);
    }));
    goroutines.push(go(function* () {
      for (let i = 0; i < n; i++) yield* ch.recv();
    }));
  }
  for (const sending of [true, false]) {
    goroutines.push(go(function* () {
      const left = [n, n, n, n];
      const open: (Chan<number> | null)[] = [...all];
      for (let i = 0; i < 4 * n; i++) {
        const arms = open.map((ch) => ch && (sending ? ch.onSend(1) : ch.onRecv()));
        const { index } = yield* select(...arms);
        if (--left[index] === 0) open[index] = null;
      }
    }));
  }
  for (const g of goroutines) yield* g.join();
  assert.ok(all.every((ch) => nobodyWaits(ch) && ch.length === 0));
});

both("values sent by random cases arrive in any mixture", function* () {
  for (const capacity of [0, 10]) {
    seedSelect(5);
    const ch = chan<0 | 1>(capacity);
    go(function* () {
      for (let i = 0; i < 1000; i++) yield* select(ch.onSend(0), ch.onSend(1));
      ch.close();
    });
    const counts = [0, 0];
    for (let v; (v = yield* ch.recv()) !== undefined;) counts[v]++;
    assert.equal(counts[0] + counts[1], 1000);
    assert.ok(counts[0] > 100 && counts[1] > 100, String(counts));
  }
});

both("a select that never waits lets others run", function* () {
  let others = 0;
  const other = go(function* () {
    for (;;) {
      others++;
      yield* gosched();
    }
  });
  const ch = chan<number>();
  const deadline = performance.now() + 20_000;
  while (others < 5 && performance.now() < deadline) yield* select(ch.onRecv(), otherwise);
  assert.ok(others >= 5);
  end(other);
});

both("a goroutine ended in a select leaves no trace", function* () {
  const [a, b] = [chan<number>(), chan<number>()];
  const g = go(() => select(a.onRecv(), b.onSend(1), a.onSend(2)));
  yield* until(() => g.status === "waiting");
  end(g);
  assert.ok(nobodyWaits(a) && nobodyWaits(b));
  assert.equal(a.trySend(1), false);
  assert.equal(b.tryRecv(), null);
});

both("a value won by a select that was ended before it ran is not lost", function* () {
  const [a, b] = [chan<string>(), chan<string>()];
  const g = go(() => select(a.onRecv(), b.onRecv()));
  yield* until(() => g.status === "waiting");
  yield* b.send("v");
  end(g);
  assert.deepEqual(b.tryRecv(), { value: "v", ok: true });
  assert.ok(nobodyWaits(a) && nobodyWaits(b));
});

both("selects ended at random points block no one and lose nothing", function* () {
  let state = 1;
  const chance = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor(state / 0x1_0000_0000 * n);
  };
  for (let round = 0; round < 100; round++) {
    state = round + 1;
    seedSelect(round + 1);
    const all = [chan<number>(), chan<number>(1), chan<number>(3)];
    const [sent, received] = [new Set<number>(), new Set<number>()];
    const living = new Set<Goroutine>();
    let last = 0;
    const worker = function* (): Routine<void> {
      for (let i = chance(4); i >= 0; i--) {
        const values: number[] = [];
        const arms = Array.from({ length: 1 + chance(4) }, (_, at) => {
          const ch = all[chance(3)];
          if (chance(8) === 0) return chance(2) === 0 ? null : after(chance(3)).onRecv();
          if (chance(2) === 0) return ch.onRecv();
          return ch.onSend(values[at] = ++last);
        });
        const { index, value } = yield* select(...arms);
        if (values[index] !== undefined) sent.add(values[index]);
        else if (typeof value === "number") {
          assert.ok(!received.has(value), "received twice");
          received.add(value);
        }
      }
    };
    for (let i = 0; i < 100; i++) {
      living.add(go(worker));
      if (chance(2) === 0) yield* gosched();
      const these = [...living];
      end(these[chance(these.length)]);
      for (const g of these) if (g.status === "dead") living.delete(g);
    }
    for (const g of living) end(g);
    for (const ch of all) {
      for (let got; (got = ch.tryRecv()) !== null;) received.add(got.value!);
      assert.ok(nobodyWaits(ch), "somebody is left in a queue");
    }
    for (const value of sent) assert.ok(received.has(value), `${value} is lost`);
  }
});

/** A case of the kind that becomes ready, as a socket does: someone else may be faster. */
class Latch implements SelectCase<{ value: string; ok: true }> {
  readonly waiters = new Set<SelectWaiter>();
  ready = 0;
  set(): void {
    this.ready++;
    for (const w of this.waiters) w.retry();
  }
  try(waiter: SelectWaiter): boolean {
    if (this.ready === 0) return false;
    this.ready--;
    waiter.value = "latched";
    return waiter.ok = true;
  }
  enqueue(waiter: SelectWaiter): void {
    this.waiters.add(waiter);
  }
  dequeue(waiter: SelectWaiter): void {
    this.waiters.delete(waiter);
  }
  collect(waiter: SelectWaiter): string {
    return waiter.value as string;
  }
}

/** A case of the kind that hands over to exactly one, and throws what is an error. */
class Desk implements SelectCase<{ value: number; ok: true }> {
  readonly waiters: SelectWaiter[] = [];
  readonly back: unknown[] = [];
  hand(value: number | Error): boolean {
    for (let w = this.waiters.shift(); w !== undefined; w = this.waiters.shift()) {
      if (!w.claim()) continue;
      w.finish(value, true);
      return true;
    }
    return false;
  }
  try(): boolean {
    return false;
  }
  enqueue(waiter: SelectWaiter): void {
    this.waiters.push(waiter);
  }
  dequeue(waiter: SelectWaiter): void {
    if (waiter.done) this.back.push(waiter.value);
    const at = this.waiters.indexOf(waiter);
    if (at >= 0) this.waiters.splice(at, 1);
  }
  collect({ value }: SelectWaiter): number {
    if (value instanceof Error) throw value;
    return value as number;
  }
}

both("a custom case is retried when it becomes ready", function* () {
  const [latch, ch] = [new Latch(), chan<number>()];
  const [first, second] = [0, 1].map(() => go(() => select(ch.onRecv(), latch)));
  yield* until(() => first.status === "waiting" && second.status === "waiting");
  assert.equal(latch.waiters.size, 2);
  // Both are woken, one finds it gone and waits on.
  latch.set();
  assert.deepEqual(yield* first.join(), { index: 1, value: "latched", ok: true });
  yield* until(() => second.status === "waiting");
  assert.equal(latch.waiters.size, 1);
  yield* ch.send(3);
  assert.deepEqual(yield* second.join(), { index: 0, value: 3, ok: true });
  assert.equal(latch.waiters.size, 0);
  latch.set();
  assert.equal((yield* select(ch.onRecv(), latch)).index, 1);
});

both("a custom case that hands over does so to exactly one select", function* () {
  const [desk, ch] = [new Desk(), chan<number>()];
  const g = go(() => select(desk, ch.onRecv(), desk));
  yield* until(() => g.status === "waiting");
  assert.equal(desk.waiters.length, 2);
  assert.equal(desk.hand(1), true);
  assert.equal(desk.hand(2), false, "the select has been decided");
  assert.equal(ch.trySend(3), false);
  assert.deepEqual(yield* g.join(), { index: 0, value: 1, ok: true });
  assert.deepEqual([desk.waiters, desk.back], [[], []]);

  const failing = go(() => thrown(select(ch.onRecv(), desk)));
  yield* until(() => failing.status === "waiting");
  const error = new Error("from the desk");
  desk.hand(error);
  assert.equal(yield* failing.join(), error);
  assert.ok(nobodyWaits(ch));

  const ended = go(() => select(desk));
  yield* until(() => ended.status === "waiting");
  desk.hand(4);
  end(ended);
  assert.deepEqual(desk.back, [4], "it gets back what nobody lived to see");
});

both("an error of a case's enqueue withdraws earlier cases", function* () {
  const ch = chan<number>();
  const broken = new Latch();
  broken.enqueue = () => {
    throw new Error("no room");
  };
  assert.match(String(yield* thrown(select(ch.onRecv(), broken))), /no room/);
  assert.ok(nobodyWaits(ch));
});

only("run", "a promise as a case: its value, or its error", function* () {
  const ch = chan<number>();
  const slow = new Promise<string>((resolve) => setTimeout(() => resolve("done"), 1));
  assert.deepEqual(yield* select(ch.onRecv(), onPromise(slow)), {
    index: 1,
    value: "done",
    ok: true,
  });
  assert.equal((yield* select(onPromise(slow), otherwise)).value, "done", "known by now");
  const error = new Error("rejected");
  const failing = new Promise<never>((_, reject) => setTimeout(() => reject(error), 1));
  assert.equal(yield* thrown(select(ch.onRecv(), onPromise(failing))), error);
  assert.ok(nobodyWaits(ch));
  assert.equal(scheduler.promises, 0);
});

only("run", "a losing promise continues, and nothing accumulates", function* () {
  let asked = 0;
  let resolve = (_: string) => {};
  const promise = new Promise<string>((r) => resolve = r);
  const then = promise.then.bind(promise);
  // Counted where Promise.resolve and await do not go past it.
  promise.then = ((...args: Parameters<typeof then>) => {
    asked++;
    return then(...args);
  }) as typeof promise.then;
  const ch = chan<number>(1);
  for (let i = 0; i < 100; i++) {
    yield* ch.send(i);
    assert.equal((yield* select(ch.onRecv(), onPromise(promise))).index, 0);
    const g = go(() => select(ch.onRecv(), onPromise(promise)));
    yield* until(() => g.status === "waiting");
    yield* ch.send(i);
    assert.equal((yield* g.join()).index, 0);
  }
  assert.equal(asked, 1);
  assert.equal(scheduler.promises, 0);
  resolve("at last");
  assert.equal((yield* select(ch.onRecv(), onPromise(promise))).value, "at last");
});

only("run", "one promise wakes every select that waits for it", function* () {
  let resolve = (_: number) => {};
  const promise = new Promise<number>((r) => resolve = r);
  const all = [0, 1, 2].map(() => go(() => select(null, onPromise(promise))));
  yield* until(() => all.every((g) => g.status === "waiting"));
  assert.equal(scheduler.promises, 3);
  resolve(9);
  for (const g of all) assert.equal((yield* g.join()).value, 9);
});

test("under runSync, waiting for a promise is an error", () => {
  const ch = chan<number>();
  assert.throws(
    () => runSync(() => select(ch.onRecv(), onPromise(Promise.resolve(1)))),
    /^PanicError: onPromise under runSync/,
  );
  assert.ok(nobodyWaits(ch));
});

test("a select of one run is woken from another", async () => {
  const [a, b] = [chan<number>(), chan<number>()];
  const [got] = await Promise.all([
    run(() => select(a.onRecv(), b.onRecv())),
    run(function* () {
      yield* wait(Promise.resolve());
      yield* b.send(1);
    }),
  ]);
  assert.deepEqual(got, { index: 1, value: 1, ok: true });
});

test("async code communicates with a select", async () => {
  const [a, b] = [chan<number>(), chan<number>()];
  const done = run(function* () {
    const got: number[] = [];
    for (let i = 0; i < 4; i++) {
      const { value } = yield* select(a.onRecv(), b.onRecv());
      got.push(value!);
    }
    return got.sort();
  });
  await Promise.all([a.sendAsync(1), b.sendAsync(2), a.sendAsync(3), b.sendAsync(4)]);
  assert.deepEqual(await done, [1, 2, 3, 4]);
});
