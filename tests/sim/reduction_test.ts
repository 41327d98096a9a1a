// SPDX-License-Identifier: MIT
/** Partial-order reduction: fewer schedules, and no outcome less. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  background,
  type Chan,
  chan,
  Cond,
  go,
  gosched,
  Mutex,
  Once,
  type Routine,
  RWMutex,
  select,
  Semaphore,
  sleep,
  WaitGroup,
  withCancel,
} from "../../mod.ts";
import { ExplorationError, exploreSync, simulateSync } from "../../sim.ts";
import { DelaySearch } from "../../src/sim/explore/delays.ts";
import { COUNTS, USES } from "../../src/sim/explore/uses.ts";
import {
  COVERED,
  CUT,
  ORDERED,
  type Program,
  UNSEEN,
  UNSEEN_BY_OTHERS,
} from "./reduction_programs.ts";

/** Returns the schedules and the different results of a program. */
function explored(reduction: "none" | "objects", delays: number, main: Program) {
  const outcomes = new Set<string>();
  const { strategies: [count] } = exploreSync({
    runs: 20_000,
    strategies: [{ delays, reduction }],
    collect: 1000,
    shrink: 0,
    onRun: ({ result, error }) => {
      outcomes.add(
        result !== null ? JSON.stringify(result.value) : `${error!.cause}`.split("\n")[0],
      );
    },
  }, main);
  assert.equal(count.complete, true, count.text);
  return { ...count, outcomes: [...outcomes].sort() };
}

function both(delays: number, main: Program) {
  return [explored("none", delays, main), explored("objects", delays, main)];
}

/** Calls `f` while a use is not observed. */
function without<T>(name: string, f: () => T): T {
  const list = [USES, COUNTS].find((each) => each.some((use) => use.name === name)) as unknown[];
  const at = list.findIndex((use) => (use as { name: string }).name === name);
  const [use] = list.splice(at, 1);
  try {
    return f();
  } finally {
    list.splice(at, 0, use);
  }
}

/** Four goroutines, two at each of two channels. */
function* twoChannels(): Routine<string> {
  const channels = [chan<string>(4), chan<string>(4)];
  const all = ["a", "b", "c", "d"].map((name, i) =>
    go(function* () {
      yield* channels[i % 2].send(name);
      yield* gosched();
      yield* channels[i % 2].send(name);
    })
  );
  for (const g of all) yield* g.join();
  let received = "";
  for (const channel of channels) {
    channel.close();
    for (let name; (name = yield* channel.recv()) !== undefined;) received += name;
  }
  return received;
}

test("goroutines that use different channels need fewer schedules, with the same results", () => {
  const [all, reduced] = both(5, twoChannels);
  assert.equal(all.outcomes.length, 27);
  assert.deepEqual(reduced.outcomes, all.outcomes);
  assert.ok(reduced.runs * 2 < all.runs, `${reduced.runs} of ${all.runs}`);
  assert.equal(all.text, `delays 5: all ${all.runs} schedules seen`);
  assert.equal(
    reduced.text,
    `delays 5, reduced: ${reduced.runs} schedules seen, to which all others are equivalent`,
  );
});

test("an incomplete enumeration with reduction reports it", () => {
  const strategies = [{ delays: 9, reduction: "objects" as const }];
  const { strategies: [count] } = exploreSync({ runs: 20, strategies }, twoChannels);
  assert.equal(count.complete, false);
  const text = `20 of more than ${20 + count.pending} schedules seen, the budget is used up`;
  assert.equal(count.text, `delays 9, reduced: ${text}`);
});

test("the memory of a reduction is bounded: beyond it fewer schedules are left out", () => {
  const runs = (reduced: boolean, states?: number) => {
    const search = new DelaySearch(3, reduced, states);
    let count = 0;
    for (; search.next(); search.done(), count++) {
      simulateSync({ schedule: search.schedule() }, twoChannels);
    }
    return count;
  };
  const [all, some, reduced] = [runs(false), runs(true, 10), runs(true)];
  assert.equal(runs(true, 0), all);
  assert.ok(reduced < some && some < all, `${reduced} < ${some} < ${all}`);
});

test("each use that orders turns is observed, and without it outcomes are lost", () => {
  for (const [name, main] of Object.entries(ORDERED)) {
    // Only two reads at the same distance from a change that is named with its time look alike.
    const delays = name === "history" ? 4 : 2;
    const [all, reduced] = both(delays, main);
    assert.deepEqual(reduced.outcomes, all.outcomes, name);
    assert.ok(all.outcomes.length >= 4, `${name}: ${all.outcomes}`);
    const { outcomes } = without(name, () => explored("objects", delays, main));
    assert.ok(outcomes.length < all.outcomes.length, `${name} is not needed: ${outcomes}`);
  }
});

test("after a use that is not observed in full, nothing is left out", () => {
  for (const [name, main] of Object.entries(UNSEEN)) {
    const [all, reduced] = both(3, main);
    assert.equal(reduced.runs, all.runs, name);
    assert.deepEqual(reduced.outcomes, all.outcomes, name);
    const { runs } = without(name, () => explored("objects", 3, main));
    assert.ok(runs < all.runs, `${name} is not needed: ${runs} of ${all.runs}`);
  }
});

test("each observed use has its program", () => {
  const names = [...USES, ...COUNTS].map(({ name }) => name).sort();
  assert.deepEqual(Object.keys({ ...ORDERED, ...UNSEEN }).sort(), names);
});

test("after a turn that the library has cut or a use of memory, nothing is left out", () => {
  for (const [name, main] of Object.entries({ ...CUT, ...UNSEEN_BY_OTHERS })) {
    const [all, reduced] = both(2, main);
    assert.equal(reduced.runs, all.runs, name);
    assert.ok(all.runs > 1, name);
  }
});

test("uses that others cover lose no outcome", () => {
  for (const [name, main] of Object.entries(COVERED)) {
    const [all, reduced] = both(2, main);
    assert.deepEqual(reduced.outcomes, all.outcomes, name);
    assert.ok(all.outcomes.length >= 4, `${name}: ${all.outcomes}`);
  }
});

/** What the goroutines of a random program share. */
class Shared {
  readonly channels: readonly Chan<number>[] = [chan<number>(0), chan<number>(1), chan<number>(3)];
  readonly mutex: Mutex = new Mutex();
  readonly rw: RWMutex = new RWMutex();
  readonly semaphore: Semaphore = new Semaphore(2);
  readonly cond: Cond = new Cond(new Mutex());
  readonly once: Once = new Once();
  readonly group: WaitGroup = new WaitGroup();
  readonly context = withCancel(background());
  readonly below = withCancel(this.context[0])[0];
}

/** The steps of random programs; each returns what its goroutine sees. */
const STEPS: readonly ((shared: Shared, n: number) => Routine<unknown>)[] = [
  function* (shared, n) {
    yield* shared.channels[1 + n % 2].send(n);
  },
  function* (shared, n) {
    return yield* shared.channels[1 + n % 2].recv();
  },
  function* (shared, n) {
    return shared.channels[n % 3].trySend(n);
  },
  function* (shared, n) {
    return shared.channels[n % 3].tryRecv() ?? null;
  },
  function* (shared, n) {
    const [a, b] = [shared.channels[n % 3], shared.channels[(n + 1) % 3]];
    const { index } = yield* select(a.onRecv(), b.onSend(n), shared.context[0].done.onRecv());
    return index;
  },
  function* ({ mutex }, n) {
    using _ = yield* mutex.locked();
    if (n % 2 === 0) yield* gosched();
  },
  function* ({ mutex }) {
    if (!mutex.tryLock()) return false;
    yield* gosched();
    mutex.unlock();
    return true;
  },
  function* ({ rw }, n) {
    using _ = n % 2 === 0 ? yield* rw.locked() : yield* rw.rlocked();
    yield* gosched();
  },
  function* ({ semaphore }, n) {
    using _ = yield* semaphore.acquired(1 + n % 2);
    yield* gosched();
  },
  function* ({ semaphore }) {
    if (!semaphore.tryAcquire(2)) return false;
    yield* gosched();
    semaphore.release(2);
    return true;
  },
  function* ({ cond }) {
    yield* cond.l.lock();
    cond.signal();
    cond.l.unlock();
  },
  function* ({ once }, n) {
    let mine = false;
    yield* once.do(function* () {
      mine = true;
      if (n % 2 === 0) yield* gosched();
    });
    return mine;
  },
  function* ({ context: [ctx, cancel], below }, n) {
    if (n % 3 === 0) cancel();
    return n % 2 === 0 ? ctx.err !== null : below.err !== null;
  },
  function* (_, n) {
    yield* sleep(n % 2);
  },
  function* ({ channels }, n) {
    const g = go(() => channels[2].send(n));
    return g.status;
  },
];

/** A program of three goroutines with random steps of a few kinds, whose result is what each saw. */
function randomProgram(seed: number): Program {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const random = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
  const kinds = Array.from({ length: 2 }, () => STEPS[random(STEPS.length)]);
  const numbers = [random(6), random(6)];
  const plans = Array.from(
    { length: 3 },
    () => Array.from({ length: 2 + random(3) }, () => [random(2), random(2)]),
  );
  return function* () {
    const shared = new Shared();
    const seen: unknown[][] = [];
    plans.forEach((plan, i) => {
      const own: unknown[] = seen[i] = [];
      shared.group.go(function* () {
        for (const [kind, number] of plan) {
          own.push((yield* kinds[kind](shared, numbers[number])) ?? null);
          yield* gosched();
        }
      });
    });
    yield* shared.group.wait();
    return seen;
  };
}

test("random programs have the same results with reduction", () => {
  const programs = Number(process.env.NETPOLL_REDUCTION_PROGRAMS ?? 12);
  let saved = 0;
  for (let seed = 1; seed <= programs; seed++) {
    const [all, reduced] = both(2, randomProgram(seed));
    assert.deepEqual(reduced.outcomes, all.outcomes, `program ${seed}`);
    assert.ok(reduced.runs <= all.runs);
    saved += all.runs - reduced.runs;
  }
  assert.ok(saved > programs, `${saved} schedules saved`);
});

test("a deadlock that is found with reduction is made smaller and repeated", () => {
  /** Three philosophers who take the left fork first. */
  function* dinner(): Routine<void> {
    const forks = [0, 1, 2].map(() => new Mutex());
    const meals = forks.map((left, i) =>
      go(function* philosopher() {
        using _left = yield* left.locked();
        yield* gosched();
        using _right = yield* forks[(i + 1) % 3].locked();
      })
    );
    for (const meal of meals) yield* meal.join();
  }
  const strategies = [{ delays: 3, reduction: "objects" as const }];
  assert.throws(() => exploreSync({ strategies }, dinner), (error) => {
    assert.ok(error instanceof ExplorationError);
    assert.equal(error.repeats, true);
    assert.equal(error.strategy, "delays 3, reduced");
    assert.throws(() => simulateSync(error.options, dinner), /philosopher/);
    return true;
  });
});

test("methods are their classes' own after an exploration with reduction, also one that fails", () => {
  const observed = [RWMutex, AbortSignal, EventTarget].map(({ prototype }) => prototype);
  const before = observed.map(Object.getOwnPropertyDescriptors);
  const strategies = [{ delays: 1, reduction: "objects" as const }];
  exploreSync({ strategies }, twoChannels);
  assert.throws(() =>
    exploreSync({ strategies }, function* () {
      throw new Error("on purpose");
    })
  );
  assert.deepEqual(observed.map(Object.getOwnPropertyDescriptors), before);
});

test("the reduction must be one that exists", () => {
  const strategies = [{ delays: 1, reduction: "all" as "objects" }];
  assert.throws(() => exploreSync({ strategies }, twoChannels), /reduction must be "none" or/);
});
