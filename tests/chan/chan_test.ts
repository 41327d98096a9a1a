// SPDX-License-Identifier: MIT
/** Channels: what Go's runtime/chan_test.go and test/chan ask of them, and the host's async code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeadlockError,
  dump,
  go,
  gosched,
  numGoroutine,
  PanicError,
  type Routine,
  run,
  runSync,
  sleep,
  wait,
} from "../../mod.ts";
import type { G, Goroutine } from "../../src/sched/goroutine.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { chan } from "../../src/chan/channel.ts";
import type { Chan } from "../../src/chan/chan.ts";
import type { Channel } from "../../src/chan/channel.ts";
import { both, only, thrown, until } from "../support/harness.ts";

/** Ends a goroutine where it waits, as the end of its run does. */
function end(g: Goroutine): void {
  scheduler.end(g as G);
}

/** Whether the queues of `ch` are empty. */
function nobodyWaits<T>(ch: Chan<T>): boolean {
  const { receivers, senders } = ch as Channel<T>;
  return receivers.first === null && senders.first === null;
}

function isPanic(error: unknown, text: string): void {
  assert.ok(error instanceof PanicError, String(error));
  assert.equal(error.message, text);
}

/** Receives until the end. */
function* collect<T>(ch: Chan<T>): Routine<T[]> {
  const all: T[] = [];
  for (;;) {
    const [value, ok] = yield* ch.recvOk();
    if (!ok) return all;
    all.push(value);
  }
}

/** A generator of numbers below `n`, the same ones for the same seed. */
function seeded(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor(state / 0x1_0000_0000 * n);
  };
}

for (const capacity of [-1, 1.5, NaN, Infinity, "1" as unknown as number]) {
  test(`a capacity of ${capacity} panics as in Go`, () => {
    assert.throws(() => chan(capacity), (error) => {
      isPanic(error, "makechan: size out of range");
      return true;
    });
  });
}

test("length and capacity equal Go's len and cap", () => {
  const ch = chan<string>(3);
  assert.deepEqual([ch.length, ch.capacity], [0, 3]);
  ch.trySend("a");
  ch.trySend("b");
  assert.deepEqual([ch.length, ch.capacity], [2, 3]);
  ch.tryRecv();
  assert.deepEqual([ch.length, chan().length, chan().capacity], [1, 0, 0]);
});

test("a huge capacity costs nothing until it is used", () => {
  const ch = chan<number>(Number.MAX_SAFE_INTEGER);
  for (let i = 0; i < 1000; i++) assert.ok(ch.trySend(i));
  for (let i = 0; i < 1000; i++) assert.deepEqual(ch.tryRecv(), { value: i, ok: true });
});

both("a receive on an empty channel waits for a send", function* () {
  for (const capacity of [0, 1, 10]) {
    const ch = chan<number>(capacity);
    const g = go(() => ch.recv());
    yield* until(() => g.waitReason === "chan receive");
    assert.equal(ch.tryRecv(), null);
    yield* ch.send(7);
    assert.equal(yield* g.join(), 7);
  }
});

both("a send on a full channel waits for a receive", function* () {
  for (const capacity of [0, 1, 10]) {
    const ch = chan<number>(capacity);
    for (let i = 0; i < capacity; i++) yield* ch.send(i);
    assert.equal(ch.trySend(-1), false);
    const g = go(() => ch.send(capacity));
    yield* until(() => g.waitReason === "chan send");
    assert.equal(ch.length, capacity);
    for (let i = 0; i <= capacity; i++) assert.equal(yield* ch.recv(), i);
    yield* g.join();
  }
});

both("values are received in FIFO order at any capacity", function* () {
  for (const capacity of [0, 1, 2, 3, 7, 8, 9, 100]) {
    const ch = chan<number>(capacity);
    go(function* () {
      for (let i = 0; i < 300; i++) yield* ch.send(i);
      ch.close();
    });
    assert.deepEqual(yield* collect(ch), Array.from({ length: 300 }, (_, i) => i));
  }
});

both("undefined and null are values like any others", function* () {
  const ch = chan<undefined | null>(2);
  yield* ch.send(undefined);
  yield* ch.send(null);
  assert.deepEqual(yield* ch.recvOk(), [undefined, true]);
  assert.deepEqual(ch.tryRecv(), { value: null, ok: true });
  ch.close();
  assert.deepEqual(yield* ch.recvOk(), [undefined, false]);
});

test("a wrapped buffer keeps its order when it grows", () => {
  const ch = chan<number>(1000);
  let [sent, received] = [0, 0];
  for (const [send, recv] of [[8, 3], [4, 0], [20, 25], [1, 1], [60, 10], [500, 554]]) {
    for (let i = 0; i < send; i++) assert.ok(ch.trySend(sent++));
    for (let i = 0; i < recv; i++) assert.deepEqual(ch.tryRecv(), { value: received++, ok: true });
  }
  assert.deepEqual([ch.length, sent, received], [0, 593, 593]);
});

both("waiters are served in FIFO order", function* () {
  for (const capacity of [0, 2]) {
    const ch = chan<number>(capacity);
    const got: string[] = [];
    const receivers = [0, 1, 2, 3].map((i) =>
      go(function* () {
        got.push(`${i}:${yield* ch.recv()}`);
      })
    );
    yield* until(() => receivers.every((g) => g.status === "waiting"));
    for (let i = 0; i < 4; i++) yield* ch.send(i);
    for (const g of receivers) yield* g.join();
    assert.deepEqual(got, ["0:0", "1:1", "2:2", "3:3"]);

    const senders = [0, 1, 2, 3, 4].map((i) => go(() => ch.send(i)));
    yield* until(() => senders.slice(capacity).every((g) => g.status === "waiting"));
    for (let i = 0; i < 5; i++) assert.equal(yield* ch.recv(), i);
  }
});

both("a value passes through a chain of waiting goroutines", function* () {
  const n = 10_000;
  const first = chan<number>();
  let right = first;
  for (let i = 0; i < n; i++) {
    const [left, to] = [chan<number>(), right];
    go(function* () {
      yield* to.send((yield* left.recv())! + 1);
    });
    right = left;
  }
  yield* right.send(0);
  assert.equal(yield* first.recv(), n);
});

both("a closed channel returns its values and then the end, for ever", function* () {
  const ch = chan<number>(10);
  yield* ch.send(1);
  yield* ch.send(2);
  assert.equal(ch.closed, false);
  ch.close();
  assert.equal(ch.closed, true);
  assert.equal(yield* ch.recv(), 1);
  assert.deepEqual(yield* ch.recvOk(), [2, true]);
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(yield* ch.recvOk(), [undefined, false]);
    assert.equal(yield* ch.recv(), undefined);
    assert.deepEqual(ch.tryRecv(), { value: undefined, ok: false });
  }
});

both("close wakes all waiting receivers", function* () {
  const ch = chan<number>();
  const all = [0, 1, 2].map(() => go(() => ch.recvOk()));
  yield* until(() => all.every((g) => g.status === "waiting"));
  ch.close();
  for (const g of all) assert.deepEqual(yield* g.join(), [undefined, false]);
});

both("close fails all waiting senders", function* () {
  const ch = chan<number>(1);
  yield* ch.send(0);
  const all = [1, 2, 3].map((i) => go(() => thrown(ch.send(i))));
  yield* until(() => all.every((g) => g.status === "waiting"));
  ch.close();
  for (const g of all) isPanic(yield* g.join(), "send on closed channel");
  assert.deepEqual(yield* collect(ch), [0]);
});

both("invalid calls on a closed channel panic with Go's messages", function* () {
  for (const capacity of [0, 1]) {
    const ch = chan<number>(capacity);
    ch.close();
    isPanic(yield* thrown(ch.send(1)), "send on closed channel");
    assert.throws(() => ch.trySend(1), /^PanicError: send on closed channel$/);
    assert.throws(() => ch.close(), /^PanicError: close of closed channel$/);
  }
});

both("trySend and tryRecv never wait, and report the result", function* () {
  const ch = chan<number>();
  assert.equal(ch.trySend(1), false);
  assert.equal(ch.tryRecv(), null);
  const receiver = go(() => ch.recv());
  yield* until(() => receiver.status === "waiting");
  assert.equal(ch.trySend(2), true);
  assert.equal(ch.trySend(3), false, "the receiver has its value already");
  assert.equal(yield* receiver.join(), 2);
  const sender = go(() => ch.send(4));
  yield* until(() => sender.status === "waiting");
  assert.deepEqual(ch.tryRecv(), { value: 4, ok: true });
  assert.equal(ch.tryRecv(), null, "the sender has been relieved already");
  yield* sender.join();
});

both("each value reaches exactly one of many receivers", function* () {
  for (const capacity of [0, 1, 10]) {
    const [ch, n] = [chan<number>(capacity), 3000];
    const sums = [0, 1, 2, 3, 4].map(() =>
      go(function* () {
        const mine = yield* collect(ch);
        return mine.reduce((sum, v) => sum + v, 0);
      })
    );
    for (let i = 1; i <= n; i++) {
      yield* ch.send(i);
      if (i % 7 === 0) yield* gosched();
    }
    ch.close();
    let sum = 0;
    for (const g of sums) sum += yield* g.join();
    assert.equal(sum, n * (n + 1) / 2);
  }
});

both("many senders to one channel lose nothing, and each keeps its order", function* () {
  const ch = chan<[sender: number, i: number]>(3);
  const senders = [0, 1, 2, 3, 4, 5].map((sender) =>
    go(function* () {
      for (let i = 0; i < 500; i++) yield* ch.send([sender, i]);
    })
  );
  go(function* () {
    for (const g of senders) yield* g.join();
    ch.close();
  });
  const next = senders.map(() => 0);
  for (const [sender, i] of yield* collect(ch)) assert.equal(i, next[sender]++);
  assert.deepEqual(next, senders.map(() => 500));
});

both("a channel serves as a semaphore", function* () {
  const [permits, running] = [chan<true>(3), { now: 0, most: 0 }];
  const all = Array.from({ length: 20 }, () =>
    go(function* () {
      yield* permits.send(true);
      running.most = Math.max(running.most, ++running.now);
      for (let i = 0; i < 5; i++) yield* gosched();
      running.now--;
      yield* permits.recv();
    }));
  for (const g of all) yield* g.join();
  assert.deepEqual(running, { now: 0, most: 3 });
});

both("a sieve of goroutines finds the primes", function* () {
  function* filter(from: Chan<number>, to: Chan<number>, prime: number): Routine<void> {
    for (let v; (v = yield* from.recv()) !== undefined;) if (v % prime !== 0) yield* to.send(v);
  }
  let ch = chan<number>();
  const numbers = ch;
  go(function* () {
    for (let i = 2;; i++) yield* numbers.send(i);
  });
  const primes: number[] = [];
  while (primes.length < 60) {
    const [from, to] = [ch, chan<number>()];
    const prime = (yield* from.recv())!;
    primes.push(prime);
    go(filter, from, to, prime);
    ch = to;
  }
  assert.deepEqual([primes[0], primes[9], primes[59]], [2, 29, 281]);
});

both("a goroutine that never has to wait lets others run", function* () {
  const [ch, closed] = [chan<number>(1), chan<number>()];
  closed.close();
  let others = 0;
  const other = go(function* () {
    for (;;) {
      others++;
      yield* gosched();
    }
  });
  const deadline = performance.now() + 20_000;
  while (others < 5 && performance.now() < deadline) {
    yield* ch.send(1);
    yield* ch.recv();
  }
  assert.ok(others >= 5, "by way of a buffer");
  const before = others;
  for (let i = 0; i < 100_000; i++) yield* closed.recv();
  assert.ok(others > before, "on a closed channel");
  end(other);
});

both("a dump lists what each goroutine waits for, in Go's words", function* () {
  const ch = chan<number>();
  const sender = go(function* theSender() {
    yield* ch.send(1);
  });
  yield* until(() => sender.status === "waiting");
  assert.match(dump(), /\[chan send, \d+ ms\]: theSender/);
  yield* ch.recv();
  const receiver = go(function* theReceiver() {
    yield* ch.recv();
  });
  yield* until(() => receiver.status === "waiting");
  assert.match(dump(), /\[chan receive, \d+ ms\]: theReceiver/);
  ch.close();
});

both("a goroutine ended while it waits to send sends nothing", function* () {
  const ch = chan<string>();
  const ended = go(() => ch.send("ended"));
  const other = go(() => ch.send("other"));
  yield* until(() => ended.status === "waiting" && other.status === "waiting");
  end(ended);
  assert.equal(yield* ch.recv(), "other");
  assert.equal(ch.tryRecv(), null);
  yield* other.join();
});

both("a goroutine ended while it waits to receive takes nothing", function* () {
  const ch = chan<string>();
  const ended = go(() => ch.recv());
  const other = go(() => ch.recv());
  yield* until(() => ended.status === "waiting" && other.status === "waiting");
  end(ended);
  yield* ch.send("v");
  assert.equal(yield* other.join(), "v");
  assert.ok(nobodyWaits(ch));
});

both("a value handed to a goroutine that is ended before it runs is not lost", function* () {
  for (const capacity of [0, 1]) {
    const ch = chan<string>(capacity);
    const ended = go(() => ch.recv());
    yield* until(() => ended.status === "waiting");
    yield* ch.send("v");
    assert.equal(ended.status, "runnable");
    end(ended);
    assert.equal(ch.length, 1);
    assert.equal(yield* ch.recv(), "v");
    assert.equal(ch.length, 0);
  }
});

both("such a value goes to the next waiter, before later values", function* () {
  const ch = chan<string>();
  const ended = go(() => ch.recv());
  const next = go(() => ch.recv());
  yield* until(() => ended.status === "waiting" && next.status === "waiting");
  yield* ch.send("first");
  end(ended);
  assert.equal(yield* next.join(), "first");

  const again = go(() => ch.recv());
  yield* until(() => again.status === "waiting");
  yield* ch.send("second");
  const sender = go(() => ch.send("third"));
  end(again);
  yield* until(() => sender.status === "waiting");
  assert.deepEqual([yield* ch.recv(), yield* ch.recv()], ["second", "third"]);
  assert.equal(ch.length, 0);
});

both("such a value precedes those in the buffer, and leaves no room for others", function* () {
  const ch = chan<string>(2);
  const ended = go(() => ch.recv());
  yield* until(() => ended.status === "waiting");
  for (const v of ["a", "b", "c"]) yield* ch.send(v);
  end(ended);
  assert.equal(ch.length, 3);
  const sender = go(() => ch.send("d"));
  yield* until(() => sender.status === "waiting");
  assert.equal(yield* ch.recv(), "a");
  assert.deepEqual([ch.length, sender.status], [2, "waiting"]);
  assert.equal(yield* ch.recv(), "b");
  yield* sender.join();
  assert.deepEqual([yield* ch.recv(), yield* ch.recv()], ["c", "d"]);
});

both("such a value survives the close of its channel", function* () {
  const ch = chan<string>();
  const ended = go(() => ch.recv());
  yield* until(() => ended.status === "waiting");
  yield* ch.send("v");
  ch.close();
  end(ended);
  assert.deepEqual(yield* collect(ch), ["v"]);
});

both("a sender ended after its value was taken has sent it", function* () {
  const ch = chan<string>();
  const ended = go(() => ch.send("v"));
  yield* until(() => ended.status === "waiting");
  assert.deepEqual(ch.tryRecv(), { value: "v", ok: true });
  end(ended);
  assert.equal(ch.tryRecv(), null);
  assert.ok(nobodyWaits(ch));
});

both("a goroutine may use channels while it is being ended", function* () {
  const [never, goodbye] = [chan<never>(), chan<string>()];
  const g = go(function* () {
    try {
      yield* never.recv();
    } finally {
      yield* goodbye.send("goodbye");
    }
  });
  yield* until(() => g.status === "waiting");
  end(g);
  assert.equal(yield* goodbye.recv(), "goodbye");
});

/** Senders, receivers and an executioner, by chance; afterwards all must add up. */
function* carnage(seed: number, rounds: number): Routine<void> {
  const random = seeded(seed);
  const ch = chan<number>(random(4));
  const [sent, received] = [new Set<number>(), new Set<number>()];
  const living = new Set<Goroutine>();
  let last = 0;
  function* send(): Routine<void> {
    for (let i = random(4); i >= 0; i--) {
      const value = ++last;
      let done = false;
      try {
        yield* ch.send(value);
        done = true;
      } finally {
        // One that was ended may have been relieved of its value before.
        if (done) sent.add(value);
      }
    }
  }
  function* recv(): Routine<void> {
    for (let i = random(4); i >= 0; i--) {
      const value = (yield* ch.recv())!;
      assert.ok(!received.has(value), "received twice");
      received.add(value);
    }
  }
  for (let i = 0; i < rounds; i++) {
    living.add(go(random(2) === 0 ? send : recv));
    if (random(2) === 0) yield* gosched();
    const all = [...living];
    end(all[random(all.length)]);
    for (const g of all) if (g.status === "dead") living.delete(g);
  }
  for (const g of living) end(g);
  for (let got; (got = ch.tryRecv()) !== null;) received.add(got.value!);
  assert.ok(nobodyWaits(ch), "somebody is left in a queue");
  assert.equal(ch.length, 0);
  for (const value of sent) assert.ok(received.has(value), `${value} is lost`);
}

both("goroutines ended at random points block no one and lose nothing", function* () {
  for (let seed = 1; seed <= 100; seed++) yield* carnage(seed, 100);
});

test("a channel outlives the run that it was made in", async () => {
  const ch = await run(function* () {
    const made = chan<number>(1);
    yield* made.send(1);
    return made;
  });
  assert.equal(runSync(() => ch.recv()), 1);
  runSync(() => ch.send(2));
  assert.equal(ch.length, 1);
  assert.equal(await run(() => ch.recv()), 2);
});

test("goroutines of two runs communicate over a channel", async () => {
  const ch = chan<number>();
  const [, got] = await Promise.all([
    run(function* () {
      for (let i = 0; i < 100; i++) yield* ch.send(i);
      ch.close();
    }),
    run(() => collect(ch)),
  ]);
  assert.equal(got.length, 100);
});

test("a value taken back from a receiver at the end of its run goes to another run", async () => {
  const ch = chan<string>();
  await run(function* () {
    const g = go(() => ch.recv());
    yield* until(() => g.status === "waiting");
    yield* ch.send("v");
  });
  assert.equal(await run(() => ch.recv()), "v");
  assert.ok(nobodyWaits(ch));
});

only("run", "async code receives values of goroutines with for await", function* () {
  for (const capacity of [0, 5]) {
    const ch = chan<number>(capacity);
    const got: number[] = [];
    const reader = (async () => {
      for await (const v of ch) got.push(v);
    })();
    for (let i = 0; i < 200; i++) yield* ch.send(i);
    ch.close();
    yield* wait(reader);
    assert.deepEqual(got, Array.from({ length: 200 }, (_, i) => i));
  }
});

only("run", "goroutines receive values of async code", function* () {
  for (const capacity of [0, 5]) {
    const ch = chan<number>(capacity);
    const writer = (async () => {
      for (let i = 0; i < 200; i++) await ch.sendAsync(i);
      ch.close();
    })();
    assert.deepEqual(yield* collect(ch), Array.from({ length: 200 }, (_, i) => i));
    yield* wait(writer);
  }
});

test("async code alone can use a channel, without goroutines", async () => {
  const ch = chan<string>();
  const [sent, got] = [ch.sendAsync("a"), ch.recvAsync()];
  assert.equal(await got, "a");
  await sent;
  const [later, sentLater] = [ch.recvAsync(), ch.sendAsync("b")];
  await sentLater;
  assert.equal(await later, "b");
  const end = ch.recvAsync();
  ch.close();
  assert.equal(await end, undefined);
  assert.equal(await ch.recvAsync(), undefined);
  assert.deepEqual([numGoroutine(), scheduler.promises], [0, 0]);
});

only("run", "async code and goroutines wait in one FIFO queue", function* () {
  const ch = chan<number>();
  const got: string[] = [];
  const first = go(function* () {
    got.push(`goroutine ${yield* ch.recv()}`);
  });
  yield* until(() => first.status === "waiting");
  const second = ch.recvAsync().then((v) => got.push(`async ${v}`));
  const third = go(function* () {
    got.push(`goroutine ${yield* ch.recv()}`);
  });
  yield* until(() => third.status === "waiting");
  for (let i = 1; i <= 3; i++) yield* ch.send(i);
  yield* wait(second);
  yield* third.join();
  assert.deepEqual(got.sort(), ["async 2", "goroutine 1", "goroutine 3"]);
});

test("sendAsync rejects on a closed channel, and when it is closed while waiting", async () => {
  const ch = chan<number>();
  const pending = ch.sendAsync(1);
  ch.close();
  await assert.rejects(pending, /^PanicError: send on closed channel$/);
  await assert.rejects(ch.sendAsync(2), /^PanicError: send on closed channel$/);
  assert.equal(scheduler.promises, 0);
});

test("leaving a for await keeps the remaining values in the channel", async () => {
  const ch = chan<number>(3);
  for (let i = 0; i < 3; i++) ch.trySend(i);
  for await (const v of ch) if (v === 1) break;
  assert.deepEqual(ch.tryRecv(), { value: 2, ok: true });
});

test("an iterator left while it waits takes no value", async () => {
  const ch = chan<number>(1);
  const values = ch[Symbol.asyncIterator]();
  const next = values.next();
  assert.equal(scheduler.promises, 1);
  await values.return!();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual(await values.next(), { done: true, value: undefined });
  ch.trySend(1);
  assert.deepEqual([ch.length, scheduler.promises], [1, 0]);
});

only("run", "host callbacks wake goroutines with trySend", function* () {
  const ch = chan<string>();
  const g = go(() => ch.recv());
  yield* until(() => g.status === "waiting");
  setTimeout(() => ch.trySend("from a host timer"), 1);
  assert.equal(yield* g.join(), "from a host timer");
});

test("all goroutines blocked on channels is a deadlock, detected at once under runSync", () => {
  assert.throws(() =>
    runSync(function* () {
      const ch = chan<number>();
      go(function* other() {
        yield* ch.send(1);
      });
      yield* chan<number>().recv();
    }), (error) => {
    assert.ok(error instanceof DeadlockError);
    assert.match(error.dump, /\[chan receive, .*\n.*\[chan send, .*: other/);
    return true;
  });
});

test("async code that waits on a channel can wake a goroutine, so it is no deadlock", async () => {
  const [ch, other] = [chan<string>(), chan<string>()];
  const relay = async () => {
    for await (const v of other) await ch.sendAsync(v);
  };
  // It begins to wait when all have been asleep for some time, and is woken by the host much later
  // than a deadlock would be reported.
  const done = new Promise<void>((resolve) => setTimeout(() => resolve(relay()), 300));
  setTimeout(() => other.trySend("late"), 1800);
  assert.equal(await run(() => ch.recv()), "late");
  other.close();
  await done;
  assert.equal(scheduler.promises, 0);
});

test("async code that no longer waits does not hide a deadlock", async () => {
  const values = chan<string>()[Symbol.asyncIterator]();
  const next = values.next();
  const asleep = run(() => chan<string>().recv());
  setTimeout(() => values.return!(), 50);
  await assert.rejects(asleep, DeadlockError);
  assert.equal((await next).done, true);
});

test("under runSync, waiting async code does not count, because it cannot run", async () => {
  const [ch, other] = [chan<string>(), chan<string>()];
  const pending = other.recvAsync();
  assert.throws(() => runSync(() => ch.recv()), DeadlockError);
  other.close();
  assert.equal(await pending, undefined);
});

test("without waiting async code, a deadlock on a channel is reported under run", async () => {
  await assert.rejects(run(() => chan<number>().recv()), DeadlockError);
});

both("a waiter serves one wait only: other wake-ups change nothing", function* () {
  const ch = chan<number>();
  const g = go(() => ch.recv());
  yield* until(() => g.status === "waiting");
  for (let i = 0; i < 3; i++) {
    scheduler.ready(g as G);
    yield* sleep(0);
    yield* gosched();
    assert.equal(g.status, "waiting");
  }
  yield* ch.send(1);
  assert.equal(yield* g.join(), 1);
});
