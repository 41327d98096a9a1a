// SPDX-License-Identifier: MIT
/** Timers, tickers and afterFunc: what Go's time/sleep_test.go and time/tick_test.go ask of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeadlockError,
  dump,
  go,
  gosched,
  numGoroutine,
  type Routine,
  run,
  runSync,
  sleep,
} from "../../mod.ts";
import { type G, type Goroutine, PanicError } from "../../src/sched/goroutine.ts";
import { setClock } from "../../src/sched/clock.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { chan } from "../../src/chan/channel.ts";
import { select } from "../../src/chan/select.ts";
import { otherwise } from "../../src/chan/select_case.ts";
import { after, Ticker, Timer } from "../../src/time/timer.ts";
import { timerFunc } from "../../src/time/after_func.ts";
import { both, only, until } from "../support/harness.ts";

/** How far the calendar's clock and the monotonic one may disagree, in milliseconds. */
const CLOCKS = 5;
/** So long that a test which waited for it would fail. */
const HOUR = 3_600_000;

function end(g: Goroutine): void {
  scheduler.end(g as G);
}

/** Keeps the thread busy. */
function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** Calls `f` while the clock stands where `f` sets it. */
function withClock(f: (at: (ms: number) => void) => void): void {
  const start = performance.now();
  let ms = 0;
  setClock({ now: () => start + ms });
  try {
    f((at) => ms = at);
  } finally {
    setClock(null);
  }
}

/** Waits until `g` waits, without letting time pass. */
function* parked(g: Goroutine): Routine<void> {
  while (g.status !== "waiting") yield* gosched();
}

both("after delivers the time, and not early", function* () {
  const [start, startDate] = [performance.now(), Date.now()];
  const at = yield* after(20).recv();
  assert.ok(performance.now() - start >= 20);
  assert.ok(at instanceof Date && at.getTime() >= startDate + 20 - CLOCKS, String(at));
  assert.ok(at.getTime() <= Date.now() + CLOCKS);
});

both("zero and negative durations expire at once", function* () {
  for (const ms of [0, -1, -Infinity]) {
    assert.ok(after(ms).tryRecv()?.ok);
    assert.ok((yield* after(ms).recv()) instanceof Date);
  }
});

both("a timer expires once, and a second receive waits", function* () {
  const timer = new Timer(1);
  assert.ok(yield* timer.c.recv());
  const g = go(() => timer.c.recv());
  yield* sleep(5);
  assert.equal(g.status, "waiting");
  assert.equal(timer.reset(1), false);
  assert.ok(yield* g.join(), "a reset wakes whoever waits already");
});

both("several timers expire in the order of their times", function* () {
  const got: number[] = [];
  const all = [7, 3, 9, 1, 5].map((i) =>
    go(function* () {
      yield* after(i * 10).recv();
      got.push(i);
    })
  );
  for (const g of all) yield* g.join();
  assert.deepEqual(got, [1, 3, 5, 7, 9]);
});

both("stop prevents the expiry, and returns whether it did", function* () {
  const stopped = new Timer(10);
  assert.equal(stopped.stop(), true);
  assert.equal(stopped.stop(), false);
  const received = new Timer(1);
  yield* received.c.recv();
  assert.equal(received.stop(), false);
  yield* sleep(20);
  assert.equal(stopped.c.tryRecv(), null);
});

both("stop leaves a waiting receiver waiting", function* () {
  const timer = new Timer(50);
  const g = go(() => timer.c.recv());
  yield* parked(g);
  assert.equal(timer.stop(), true);
  yield* sleep(60);
  assert.equal(g.status, "waiting");
  end(g);
});

both("no stale tick is received after stop or reset, even if its time had come", function* () {
  for (const look of [false, true]) {
    const timer = new Timer(1);
    if (look) assert.equal(timer.c.tryRecv(), null);
    spin(3);
    assert.equal(timer.stop(), true, "nobody had received it");
    assert.equal(timer.c.tryRecv(), null);

    timer.reset(1);
    spin(3);
    assert.equal(timer.reset(HOUR), true);
    assert.equal(timer.c.tryRecv(), null);
    assert.equal((yield* select(timer.c.onRecv(), otherwise)).index, 1);
    const start = performance.now();
    timer.reset(2);
    yield* timer.c.recv();
    assert.ok(performance.now() - start >= 2);
  }
});

both("a tick returned by an ended goroutine is not stale either", function* () {
  const timer = new Timer(20);
  const g = go(() => timer.c.recv());
  yield* parked(g);
  spin(25);
  // What the scheduler does at its next look at the clock; then g is ended before it runs.
  scheduler.timers.fire(performance.now());
  assert.equal(g.status, "runnable");
  end(g);
  assert.equal(timer.c.length, 1);
  assert.equal(timer.stop(), true);
  assert.equal(timer.c.tryRecv(), null);
});

both("reset moves the expiry earlier or later, even with waiting receivers", function* () {
  const timer = new Timer(HOUR);
  const g = go(() => timer.c.recv());
  yield* parked(g);
  const start = performance.now();
  assert.equal(timer.reset(10), true);
  yield* g.join();
  assert.ok(performance.now() - start >= 10);

  timer.reset(100);
  const again = go(() => timer.c.recv());
  yield* parked(again);
  assert.equal(timer.reset(HOUR), true);
  yield* sleep(120);
  assert.equal(again.status, "waiting");
  timer.reset(1);
  yield* again.join();
});

both("a loop that never parks observes the expiry", function* () {
  const timer = new Timer(5);
  const deadline = performance.now() + 20_000;
  while (timer.c.tryRecv() === null) assert.ok(performance.now() < deadline);
  timer.reset(5);
  while ((yield* select(timer.c.onRecv(), otherwise)).index === 1) {
    assert.ok(performance.now() < deadline);
  }
});

both("an abandoned timer does not disturb the scheduler", function* () {
  // The test's own watchdog goes to sleep meanwhile.
  yield* gosched();
  const before = scheduler.timers.size;
  const abandoned = Array.from({ length: 100 }, () => new Timer(HOUR));
  const ticker = new Ticker(1);
  assert.equal(scheduler.timers.size, before);
  const ch = chan<number>(1);
  const g = go(() => select(ch.onRecv(), after(HOUR).onRecv(), abandoned[0].c.onRecv()));
  yield* until(() => g.status === "waiting");
  assert.equal(scheduler.timers.size, before + 2);
  yield* ch.send(1);
  yield* g.join();
  const ended = go(() => ticker.c.recv());
  end(ended);
  const selecting = go(() => select(abandoned[0].c.onRecv(), abandoned[1].c.onRecv()));
  yield* until(() => selecting.status === "waiting");
  end(selecting);
  assert.equal(scheduler.timers.size, before);
});

test("a pending timer does not hide a deadlock", () => {
  assert.throws(() =>
    runSync(function* () {
      const ticker = new Ticker(1);
      yield* ticker.c.recv();
      yield* chan().recv();
    }), DeadlockError);
});

both("of two receivers on one timer one receives the tick, and the other the next", function* () {
  const timer = new Timer(2);
  const all = [0, 1].map(() => go(() => timer.c.recv()));
  yield* until(() => all[0].status === "dead");
  yield* sleep(5);
  assert.equal(all[1].status, "waiting");
  timer.reset(1);
  yield* all[1].join();
});

both("of two timers in a select the one not chosen keeps its tick", function* () {
  for (let i = 0; i < 20; i++) {
    const [a, b] = [new Timer(1), new Timer(1)];
    const { index } = yield* select(a.c.onRecv(), b.c.onRecv());
    const other = index === 0 ? b : a;
    assert.ok(yield* other.c.recv(), "the other has not lost its tick");
  }
});

both("closing a timer's channel ends its receivers", function* () {
  yield* gosched();
  const before = scheduler.timers.size;
  const ticker = new Ticker(HOUR);
  const g = go(() => ticker.c.recvOk());
  yield* parked(g);
  ticker.c.close();
  assert.equal(scheduler.timers.size, before);
  assert.deepEqual(yield* g.join(), [undefined, false]);
  ticker.reset(1);
  yield* sleep(3);
  assert.deepEqual(ticker.c.tryRecv(), { value: undefined, ok: false });
});

both("many timers of random lengths, mostly stopped, expire correctly", function* () {
  let state = 12345;
  const random = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor(state / 0x1_0000_0000 * n);
  };
  let fired = 0;
  let wanted = 0;
  const timers = Array.from({ length: 2000 }, () => {
    const [start, ms] = [performance.now(), random(50)];
    return timerFunc(ms, () => {
      assert.ok(performance.now() - start >= ms);
      fired++;
    });
  });
  for (const timer of timers) {
    if (random(4) > 0) assert.equal(timer.stop(), true);
    else wanted++;
  }
  yield* until(() => fired === wanted);
  yield* sleep(60);
  assert.equal(fired, wanted);
});

both("a ticker ticks at its interval, also by the wall clock", function* () {
  using ticker = new Ticker(10);
  const start = performance.now();
  const ticks: number[] = [];
  for (let i = 0; i < 6; i++) ticks.push((yield* ticker.c.recv())!.getTime());
  assert.ok(performance.now() - start >= 60);
  assert.ok(ticks[5] - ticks[0] >= 50 - CLOCKS, String(ticks));
});

test("a ticker keeps its schedule, however late it is read", () => {
  withClock((at) => {
    const ticker = new Ticker(10);
    for (const due of [10, 20, 30, 40]) {
      at(due - 0.1);
      assert.equal(ticker.c.tryRecv(), null, `before ${due}`);
      at(due + 7);
      assert.ok(ticker.c.tryRecv()?.ok, `after ${due}`);
    }
    ticker.reset(3);
    at(47 + 2.9);
    assert.equal(ticker.c.tryRecv(), null);
    at(47 + 3);
    assert.ok(ticker.c.tryRecv()?.ok, "counted from the reset");
  });
});

test("a slow reader finds a single tick, and the others are dropped", () => {
  withClock((at) => {
    const ticker = new Ticker(10);
    at(57);
    const tick = ticker.c.tryRecv();
    assert.ok(tick?.ok);
    assert.ok(Date.now() - tick.value.getTime() >= 47 - CLOCKS, "the first of those missed");
    assert.equal(ticker.c.tryRecv(), null);
    at(59.9);
    assert.equal(ticker.c.tryRecv(), null);
    at(60);
    assert.ok(ticker.c.tryRecv()?.ok, "on its beat");
  });
});

both("stop ends the ticks, and reset restarts with another interval", function* () {
  const ticker = new Ticker(2);
  yield* ticker.c.recv();
  ticker.stop();
  yield* sleep(10);
  assert.equal(ticker.c.tryRecv(), null);
  const start = performance.now();
  ticker.reset(15);
  yield* ticker.c.recv();
  assert.ok(performance.now() - start >= 15);
  ticker.reset(HOUR);
  assert.equal(ticker.c.tryRecv(), null);
  ticker.reset(1);
  yield* ticker.c.recv();
});

both("tickers are created and stopped by the hundred", function* () {
  const all = Array.from({ length: 100 }, () =>
    go(function* () {
      using ticker = new Ticker(1);
      for (let i = 0; i < 3; i++) yield* ticker.c.recv();
    }));
  for (const g of all) yield* g.join();
});

test("invalid durations are refused, with Go's messages where Go has one", () => {
  for (const ms of [0, -1]) {
    assert.throws(() => new Ticker(ms), (error) => {
      assert.ok(error instanceof PanicError);
      assert.equal(error.message, "non-positive interval for NewTicker");
      return true;
    });
    assert.throws(
      () => new Ticker(1).reset(ms),
      /^PanicError: non-positive interval for Ticker.Reset$/,
    );
  }
  for (const ms of [NaN, "5" as unknown as number, undefined as unknown as number]) {
    assert.throws(() => new Timer(ms), RangeError);
    assert.throws(() => new Timer(1).reset(ms), RangeError);
    assert.throws(() => after(ms), RangeError);
    assert.throws(() => new Ticker(ms), RangeError);
    assert.throws(() => timerFunc(ms, () => {}), RangeError);
  }
  assert.throws(() => timerFunc(1, undefined as unknown as () => void), TypeError);
  assert.equal(scheduler.timers.size, 0);
});

both("an infinite duration can be waited for", function* () {
  const timer = new Timer(Infinity);
  const g = go(() => select(timer.c.onRecv(), after(2).onRecv()));
  assert.equal((yield* g.join()).index, 1);
  assert.equal(timer.stop(), true);
  const far = new Timer(1e15);
  assert.equal((yield* select(far.c.onRecv(), after(2).onRecv())).index, 1);
});

both("afterFunc starts its function in a new goroutine", function* () {
  const start = performance.now();
  const names = chan<string>();
  timerFunc(10, function* announce() {
    yield* names.send(scheduler.current!.name);
  });
  assert.equal(yield* names.recv(), "announce");
  assert.ok(performance.now() - start >= 10);
  let plain = false;
  timerFunc(1, () => {
    plain = true;
  });
  yield* until(() => plain);
});

both("afterFunc can be rescheduled from its function", function* () {
  const [n, done] = [10, chan<true>(1)];
  let left = n;
  const again = () => {
    if (--left > 0) timerFunc(0, again);
    else done.trySend(true);
  };
  timerFunc(0, again);
  assert.equal(yield* done.recv(), true);
});

both("a stopped timer's function is not started", function* () {
  let started = 0;
  const timer = timerFunc(5, () => {
    started++;
  });
  assert.equal(timer.stop(), true);
  assert.equal(timer.stop(), false);
  yield* sleep(15);
  assert.equal(started, 0);
  assert.equal(timer.reset(1), false);
  yield* until(() => started === 1);
  assert.equal(timer.stop(), false);
  assert.equal(timer.reset(HOUR), false);
  assert.equal(timer.reset(1), true);
  yield* until(() => started === 2);
  {
    using _ = timerFunc(1, () => {
      started++;
    });
  }
  yield* sleep(5);
  assert.equal(started, 2);
});

both("one goroutine represents all pending functions, and ends with the last", function* () {
  const before = numGoroutine();
  const [a, b] = [timerFunc(HOUR, () => {}), timerFunc(HOUR, () => {})];
  yield* until(() => /\[timers, \d+ ms\]: timerFunc/.test(dump()));
  assert.equal(numGoroutine(), before + 1);
  a.stop();
  yield* gosched();
  assert.equal(numGoroutine(), before + 1);
  b.stop();
  yield* until(() => numGoroutine() === before);
  for (let i = 0; i < 1000; i++) timerFunc(HOUR, () => {}).stop();
  yield* until(() => numGoroutine() === before);
});

test("an error of the function ends the run, as in any goroutine", async () => {
  const error = new Error("from the function");
  const main = function* () {
    timerFunc(1, () => {
      throw error;
    });
    yield* sleep(HOUR);
  };
  await assert.rejects(run(main), (thrown) => thrown === error);
  assert.throws(() => runSync(main), (thrown) => thrown === error);
  assert.deepEqual([numGoroutine(), scheduler.timers.size], [0, 0]);
});

test("the function of a finished run is not started", async () => {
  let started = 0;
  const count = () => {
    started++;
  };
  await run(function* () {
    timerFunc(1, count);
  });
  runSync(function* () {
    timerFunc(1, count);
    yield* gosched();
    timerFunc(1, count);
  });
  assert.equal(scheduler.timers.size, 0);
  await run(() => sleep(10));
  assert.equal(started, 0);
});

test("host code needs no run for timers", async () => {
  const start = performance.now();
  assert.ok((await after(10).recvAsync()) instanceof Date);
  assert.ok(performance.now() - start >= 10);
  using ticker = new Ticker(2);
  let ticks = 0;
  for await (const at of ticker.c) {
    assert.ok(at instanceof Date);
    if (++ticks === 5) break;
  }
  const called = await new Promise<number>((resolve) => {
    timerFunc(2, () => resolve(performance.now()));
  });
  assert.ok(called - start >= 22);
  await run(() => gosched());
  assert.deepEqual([numGoroutine(), scheduler.timers.size], [0, 0]);
});

test("host code that stops waiting for a timer leaks nothing", async () => {
  const timer = new Timer(HOUR);
  const ticks = timer.c[Symbol.asyncIterator]();
  const next = ticks.next();
  await ticks.return!();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual([numGoroutine(), scheduler.timers.size], [0, 0]);
  assert.equal(timer.stop(), true);
});

only("run", "goroutines and host code share one ticker", function* () {
  using ticker = new Ticker(1);
  let hosts = 0;
  const host = (async () => {
    for await (const _ of ticker.c) if (++hosts === 5) return;
  })();
  void host;
  for (let i = 0; i < 5; i++) yield* ticker.c.recv();
  yield* until(() => hosts === 5);
});

both("goroutines ended at random points leave no timer behind", function* () {
  yield* gosched();
  const before = scheduler.timers.size;
  let state = 4711;
  const random = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor(state / 0x1_0000_0000 * n);
  };
  const shared = new Ticker(1);
  const living = new Set<Goroutine>();
  const ways = [
    () => after(random(3)).recv(),
    () => shared.c.recv(),
    () => select(shared.c.onRecv(), after(random(3)).onRecv()),
    function* () {
      using timer = new Timer(HOUR);
      yield* select(timer.c.onRecv(), after(HOUR).onRecv());
    },
    function* () {
      using _ = timerFunc(HOUR, () => {});
      yield* after(random(3)).recvOk();
    },
  ];
  for (let i = 0; i < 10_000; i++) {
    living.add(go(ways[random(ways.length)] as () => ReturnType<typeof gosched>));
    if (random(2) === 0) yield* gosched();
    const all = [...living];
    end(all[random(all.length)]);
    for (const g of all) if (g.status === "dead") living.delete(g);
  }
  for (const g of living) end(g);
  shared.stop();
  assert.equal(scheduler.timers.size, before);
});
