// SPDX-License-Identifier: MIT
// The cases of bench:sched for the library: the same loops as in go/main.go. Prints a line of JSON
// per case. Arguments: run or runSync, milliseconds per case, the cases.
import process from "node:process";
import {
  type Chan,
  chan,
  go,
  gosched,
  Mutex,
  type Routine,
  run,
  runSync,
  select,
  timerFunc,
  WaitGroup,
} from "../../mod.ts";

const MANY = 1000;
const FEW = 10;
const BULK = 1_000_000;
const PARKED = 100_000;
const FAR_AWAY_MS = 3_600_000;

/** Each case performs `n` operations. */
const CASES: Record<string, (n: number) => Routine<void>> = {
  "spawn": spawn,
  "gosched": goschedAmongFew,
  "ping-pong": pingPong,
  "buffered-128": buffered,
  "select-2": selectTwo,
  "mutex": mutexFree,
  "mutex-contended": mutexContended,
  "timer-one": timerOne,
  "timer-reset": timerReset,
  "timer-same": (n) => timers(n, () => FAR_AWAY_MS),
  "timer-mixed": (n) => timers(n, mixed),
};

function* spawn(n: number): Routine<void> {
  let left = 0;
  function* body(): Routine<void> {
    left--;
  }
  for (let done = 0; done < n; done += MANY) {
    left = MANY;
    for (let i = 0; i < MANY; i++) go(body);
    while (left > 0) yield* gosched();
  }
}

function* goschedAmongFew(n: number): Routine<void> {
  yield* each(FEW, function* () {
    for (let i = 0; i < n / FEW; i++) yield* gosched();
  });
}

function* pingPong(n: number): Routine<void> {
  const ping = chan<number>();
  const pong = chan<number>();
  go(function* () {
    for (let v; (v = yield* ping.recv()) !== undefined;) yield* pong.send(v);
    pong.close();
  });
  for (let i = 0; i < n; i++) {
    yield* ping.send(i);
    yield* pong.recv();
  }
  ping.close();
  yield* pong.recv();
}

function* buffered(n: number): Routine<void> {
  const ch = chan<number>(128);
  go(function* () {
    for (let i = 0; i < n; i++) yield* ch.send(i);
    ch.close();
  });
  while ((yield* ch.recv()) !== undefined);
}

function* selectTwo(n: number): Routine<void> {
  const a = chan<number>();
  const b = chan<number>();
  function* send(ch: Chan<number>): Routine<void> {
    for (let i = 0; i < n / 2; i++) yield* ch.send(i);
  }
  go(send, a);
  go(send, b);
  for (let i = 0; i < n; i++) yield* select(a.onRecv(), b.onRecv());
}

function* mutexFree(n: number): Routine<void> {
  const mu = new Mutex();
  for (let i = 0; i < n; i++) {
    yield* mu.lock();
    mu.unlock();
  }
}

function* mutexContended(n: number): Routine<void> {
  const mu = new Mutex();
  yield* each(FEW, function* () {
    for (let i = 0; i < n / FEW; i++) {
      yield* mu.lock();
      yield* gosched();
      mu.unlock();
    }
  });
}

function nothing(): void {}

function* timerOne(n: number): Routine<void> {
  for (let i = 0; i < n; i++) timerFunc(FAR_AWAY_MS, nothing).stop();
}

function* timerReset(n: number): Routine<void> {
  const timer = timerFunc(FAR_AWAY_MS, nothing);
  for (let i = 0; i < n; i++) timer.reset(FAR_AWAY_MS);
  timer.stop();
}

/** Returns a time between one and two hours, in no particular order. */
function mixed(i: number): number {
  return FAR_AWAY_MS + (Math.imul(i, 2654435761) >>> 10) / 1000;
}

const all = new Array<{ stop(): boolean } | null>(BULK).fill(null);

function* timers(n: number, delay: (i: number) => number): Routine<void> {
  for (let done = 0; done < n; done += BULK) {
    for (let i = 0; i < BULK; i++) all[i] = timerFunc(delay(i), nothing);
    for (let i = 0; i < BULK; i++) {
      all[i]!.stop();
      all[i] = null;
    }
  }
}

function* each(count: number, f: () => Routine<void>): Routine<void> {
  const all = Array.from({ length: count }, () => go(f));
  for (const g of all) yield* g.join();
}

interface Result {
  case: string;
  ns?: number;
  rss?: number;
  heap?: number;
}

const collect: () => void = (globalThis as { gc?: () => void }).gc ??
  (() => (globalThis as unknown as { Bun: { gc(force: boolean): void } }).Bun.gc(true));

function memory(): { rss: number; heap: number } {
  for (let i = 0; i < 3; i++) collect();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

/**
 * Cost of 100,000 more goroutines, once there are so many that the collector's own spaces have
 * grown.
 */
function* park(): Routine<Result> {
  const ch = chan<number>();
  const wg = new WaitGroup();
  function* body(): Routine<void> {
    yield* ch.recv();
    wg.done();
  }
  function* more(count: number): Routine<void> {
    wg.add(count);
    for (let i = 0; i < count; i++) go(body);
    yield* gosched();
  }
  yield* more(PARKED / 2);
  const before = memory();
  yield* more(PARKED);
  const after = memory();
  ch.close();
  yield* wg.wait();
  const each = (what: "rss" | "heap") => Math.round((after[what] - before[what]) / PARKED);
  return { case: "parked", rss: each("rss"), heap: each("heap") };
}

/** Runs until the time is up, in growing batches. */
function* measure(name: string, budget: number): Routine<Result> {
  const f = CASES[name];
  let portion = name === "timer-same" || name === "timer-mixed" ? BULK : MANY;
  let ops = 0;
  let spent = 0;
  while (spent < budget) {
    const start = performance.now();
    yield* f(portion);
    const took = performance.now() - start;
    spent += took;
    ops += portion;
    if (took < budget / 10 && portion < BULK) portion *= 2;
  }
  return { case: name, ns: spent * 1e6 / ops };
}

const [driver, ms, ...names] = process.argv.slice(2);

function* main(): Routine<void> {
  const budget = Number(ms);
  for (const name of names) {
    if (name !== "parked") yield* measure(name, budget / 2);
    console.log(JSON.stringify(yield* name === "parked" ? park() : measure(name, budget)));
  }
}

if (driver === "runSync") runSync(main);
else await run(main);
