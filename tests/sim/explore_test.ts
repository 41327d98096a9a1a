// SPDX-License-Identifier: MIT
/** Explorations: many runs, the failures that they find, made small, and repeated. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { go, type Routine, sleep, wait } from "../../mod.ts";
import {
  always,
  CoverageError,
  ExplorationError,
  explore,
  type ExploredRun,
  type ExploreOptions,
  exploreSync,
  PropertyError,
  reachable,
  ReplayError,
  simulateSync,
  type Simulation,
  SimulationError,
  sometimes,
} from "../../sim.ts";
import { onWindows } from "../support/harness.ts";
import { outputOnBoth } from "./both_runtimes.ts";
import { betweenWrites, channels, drawn, framing } from "./explore_programs.ts";

/** The failure that an exploration finds. */
function found(
  options: ExploreOptions,
  main: (sim: Simulation) => Routine<unknown>,
): ExplorationError {
  try {
    exploreSync(options, main);
  } catch (error) {
    assert.ok(error instanceof ExplorationError, String(error));
    return error;
  }
  assert.fail("nothing was found");
}

/** Runs `f` while the environment names a run. */
async function repeating<T>(text: string, f: () => T | Promise<T>): Promise<T> {
  process.env.NETPOLL_SIM = text;
  try {
    return await f();
  } finally {
    delete process.env.NETPOLL_SIM;
  }
}

test("a bug that needs another order escapes fifo, and the other strategies find it", () => {
  assert.equal(exploreSync({ strategies: ["fifo"], runs: 200 }, betweenWrites).failed, 0);
  for (const strategy of ["random", { pct: 3 }, { delays: 3 }] as const) {
    const error = found({ strategies: [strategy] }, betweenWrites);
    assert.ok(error instanceof SimulationError);
    assert.match(error.message, /^Error: seen between two writes: 2\n {4}seed \d+, /);
    assert.ok(error.choices!.every(([stream]) => stream === "schedule"), error.replay);
    assert.equal(error.repeats, true);
    assert.ok(error.shrink!.after <= 3, error.message);
  }
});

test("a failure is reproduced by its choices, and by its text in the environment", async () => {
  const error = found({}, betweenWrites);
  const { options } = error;
  assert.throws(() => simulateSync(options, betweenWrites), /seen between two writes/);
  assert.match(error.message, new RegExp(`NETPOLL_SIM=${error.replay}$`));
  const runs: ExploredRun[] = [];
  const again = await repeating(
    error.replay,
    () => found({ onRun: (run) => void runs.push(run) }, betweenWrites),
  );
  assert.equal(again.hash, error.hash);
  assert.equal(runs.length, 1);
});

test("a seed in the environment selects the run that the exploration makes of it", async () => {
  const options: ExploreOptions = {
    shrink: 0,
    seed: 5,
    strategies: ["fifo", "random", { pct: 2 }],
  };
  const error = found(options, betweenWrites);
  assert.equal(error.shrink, null);
  assert.equal(error.replay, String(error.seed));
  const again = await repeating(error.replay, () => found(options, betweenWrites));
  assert.equal(again.hash, error.hash);
  for (const each of [error, again]) {
    const hash = ({ hash }: SimulationError) => hash === error.hash;
    assert.throws(() => simulateSync(each.options, betweenWrites), hash, each.strategy);
  }
  const passed = await repeating("5", () => exploreSync(options, betweenWrites));
  assert.deepEqual([passed.runs, passed.failed, passed.repeated], [1, 0, "5"]);
});

test("an invalid run text is an error, also with promises", async () => {
  for (const text of ["x", "5:", "5:any~", "5:any~a~0-0", "4294967296", "5:lifo"]) {
    await repeating(text, async () => {
      assert.throws(() => exploreSync({}, channels), ReplayError);
      await assert.rejects(explore({}, channels), ReplayError);
    });
  }
});

test("all schedules with a given number of delays are explored, each once", () => {
  const orders = new Set<string>();
  const counts = [0, 1, 2, 9].map((delays) => {
    orders.clear();
    const { runs, strategies: [count] } = exploreSync({
      strategies: [{ delays }],
      turn: [1e-6, 1e-6],
      look: 1e-9,
    }, function* () {
      let order = "";
      const all = ["a", "b", "c"].map((name) =>
        go(function* () {
          order += name;
        })
      );
      for (const g of all) yield* g.join();
      orders.add(order);
    });
    assert.equal(count.text, `delays ${delays}: all ${runs} schedules seen`);
    assert.equal(count.complete, true);
    return [runs, orders.size];
  });
  // With main beside them: main may pass over one that has ended or not begun.
  assert.deepEqual(counts.map(([, size]) => size), [1, 3, 5, 6]);
});

test("an incomplete enumeration reports it", () => {
  const { runs, strategies: [count] } = exploreSync(
    { strategies: [{ delays: 2 }], runs: 20 },
    betweenWrites,
  );
  assert.equal(runs, 20);
  assert.equal(count.complete, false);
  assert.ok(count.pending > 0);
  const total = 20 + count.pending;
  const text = `delays 2: 20 of more than ${total} schedules seen, the budget is used up`;
  assert.equal(count.text, text);
});

test("strategies alternate, and a complete one leaves its runs to the others", () => {
  const names: string[] = [];
  const { strategies } = exploreSync({
    runs: 200,
    strategies: ["random", { delays: 1 }],
    onRun: ({ strategy, result, error }) => {
      assert.ok(error === null && result!.value === 6);
      names.push(strategy);
    },
  }, channels);
  assert.deepEqual(names.slice(0, 4), ["random", "delays 1", "random", "delays 1"]);
  const [random, delays] = strategies;
  assert.equal(delays.complete, true);
  assert.equal(random.runs + delays.runs, 200);
});

test("shrinking switches off unneeded faults, and minimizes times", () => {
  const error = found({ faults: "storm" }, framing);
  assert.ok(error.cause instanceof RangeError);
  assert.equal(error.options.schedule, "fifo");
  const streams = new Set(error.choices!.map(([stream]) => stream));
  assert.deepEqual([...streams].sort(), ["host test faults", "swarm"]);
  assert.ok(error.shrink!.before > 20 && error.shrink!.after <= 4, error.message);
  assert.equal(error.shrink!.minimal, true);
  assert.ok(error.events.length > 0 && error.events[0].index === 0, "all events are kept");
});

test("shrinking minimizes decisions", () => {
  const error = found({}, drawn);
  assert.deepEqual(error.choices!.map(([, , value]) => value), [700, 700]);
});

test("the runs of shrinking are limited", () => {
  const error = found({ faults: "storm", shrink: 10 }, framing);
  assert.equal(error.shrink!.runs, 10);
  assert.equal(error.shrink!.minimal, false);
  assert.match(error.message, /in 10 runs, which were all there were/);
  assert.throws(
    () => simulateSync({ faults: "storm", ...error.options }, framing),
    SimulationError,
  );
});

test("different failures are collected", () => {
  function* several(sim: Simulation): Routine<void> {
    const kind = sim.stream("kind").choose(4);
    yield* sleep(1);
    if (kind === 1) throw new RangeError(`after ${sim.now} ms`);
    if (kind === 2) throw new TypeError("two");
  }
  const result = exploreSync({ collect: 5, runs: 60 }, several);
  assert.equal(result.runs, 60);
  assert.ok(result.failed > 10 && result.failed < 50);
  const kinds = result.failures.map(({ cause }) => (cause as Error).name).sort();
  assert.deepEqual(kinds, ["RangeError", "TypeError"]);
  const first = exploreSync({ collect: 1, runs: 60 }, several);
  assert.ok(first.failures.length === 1 && first.runs < 60);
});

test("a program that keeps state between runs is detected", () => {
  let runs = 0;
  const error = found({}, function* () {
    yield* sleep(1);
    if (++runs === 7) throw new Error("the seventh");
  });
  assert.equal(error.repeats, false);
  assert.equal(error.shrink, null);
  assert.match(
    error.message,
    /the failure is not reproducible: the program keeps state between runs/,
  );
});

test("properties are summed over the runs, and one that never holds is an error", () => {
  function* roll(sim: Simulation): Routine<void> {
    sim.expectReachable("a seven");
    const die = 1 + sim.stream("die").choose(6);
    sometimes(die === 6, "a six");
    if (die === 7) reachable("a seven");
    yield* sleep(1);
  }
  const options: ExploreOptions = { runs: 60, strategies: ["fifo"] };
  const { properties } = exploreSync({ ...options, coverage: "report" }, roll);
  assert.deepEqual(properties.map(({ kind, name }) => `${kind} ${name}`), [
    "reachable a seven",
    "sometimes a six",
  ]);
  const six = properties[1];
  assert.ok(six.passed > 0 && six.passed < 30 && six.passed + six.failed === 60);
  assert.throws(() => exploreSync(options, roll), (error) => {
    assert.ok(error instanceof CoverageError);
    assert.deepEqual(error.missing, [properties[0]]);
    return /^no run of 60 has seen:\n {4}reachable "a seven"$/.test(error.message);
  });
  exploreSync({ ...options, time: 60_000 }, roll);
});

test("a property counts as one failure, whatever its values", () => {
  const error = found({}, function* (sim) {
    const word = ["a", "b", "c"][sim.stream("word").choose(3)];
    yield* sleep(1);
    always(word === "a", "the first word", { word });
  });
  assert.ok(error.cause instanceof PropertyError);
  assert.deepEqual(error.choices, [["program word", 0, 1]]);
});

test("explorations work with promises", async () => {
  const { runs } = await explore({ runs: 20 }, function* () {
    yield* wait(new Promise((resolve) => setTimeout(resolve, 1000)));
  });
  assert.equal(runs, 20);
  await assert.rejects(explore({}, betweenWrites), ExplorationError);
});

test("a limit of real time ends an exploration", () => {
  const { runs } = exploreSync({ runs: Infinity, time: 50 }, channels);
  assert.ok(runs > 0);
});

test("the same options produce the same runs", () => {
  const hashes = [1, 1, 2].map((seed) => exploreSync({ seed, runs: 40 }, channels).hash);
  assert.equal(hashes[0], hashes[1]);
  assert.notEqual(hashes[0], hashes[2]);
});

test("explorations are identical on Bun and on Deno, and Deno needs no permission", {
  skip: onWindows && "the other runtime is not started under Wine",
}, () => {
  assert.equal(outputOnBoth("explorations.ts").split("\n").length, 8);
});

test("invalid options are named in the error", () => {
  const wrong: [object, RegExp][] = [
    [{ runs: 0 }, /runs must be/],
    [{ time: 0 }, /time must be/],
    [{ shrink: -1 }, /shrink must be/],
    [{ collect: 1.5 }, /collect must be/],
    [{ strategies: [] }, /strategies must be/],
    [{ strategies: ["lifo"] }, /a strategy must be/],
    [{ strategies: [{ pct: 0 }] }, /a strategy must be/],
    [{ strategies: [{ delays: -1 }] }, /a strategy must be/],
    [{ schedule: "fifo" }, /no option schedule: use strategies/],
    [{ record: true }, /no option record: .*simulate\(\{ \.\.\.error\.options, record: true/],
    [{ onRun: 1 }, /onRun must be/],
    [{ coverage: "all" }, /coverage must be/],
    [{ rums: 1 }, /no option rums/],
    [{ seed: -1 }, /seed must be/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => exploreSync(options as ExploreOptions, channels), message);
  }
});
