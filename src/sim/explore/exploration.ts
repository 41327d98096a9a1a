// SPDX-License-Identifier: MIT
/**
 * The runs of an exploration, one after another.
 *
 *   strategies take turns -> run -> ok
 *                                -> failure: repeated with its decisions written down,
 *                                            made smaller, repeated with all events
 */
import type { Choice } from "../../../platforms/sim/choices.ts";
import { jsRuntime } from "../../../platforms/shared/js_runtime.ts";
import { type PropertyCount, PropertyCounts } from "../check/property_counts.ts";
import { now } from "../../sched/clock.ts";
import type { Attempt, Steps } from "./attempt.ts";
import { diagnose, planned, recordedRun } from "./diagnosis.ts";
import { CoverageError, ExplorationError } from "./errors.ts";
import { failureKind } from "./failure_kind.ts";
import type { ExploreSettings } from "./options.ts";
import { parseReplay } from "./replay.ts";
import { type Lane, laneOf, type Plan } from "./strategy.ts";

/** Runs of one strategy in an {@linkcode ExploreResult}. */
export interface StrategyCount {
  /** Name of the strategy, such as "random" or "delays 2". */
  readonly strategy: string;
  /** Its runs. */
  readonly runs: number;
  /** Those that failed. */
  readonly failed: number;
  /**
   * Whether these were all schedules that there are, or with reduction all that are not equivalent to
   * others; only the enumeration by `delays` knows.
   */
  readonly complete: boolean;
  /** Schedules that are known and were not run, at least; 0 for a strategy that draws. */
  readonly pending: number;
  /** The same in words, as "delays 2: all 172 schedules seen". */
  readonly text: string;
}

/** Result of an exploration. */
export interface ExploreResult {
  /** Runs, without those in which failures were made smaller. */
  readonly runs: number;
  /** Runs that failed. */
  readonly failed: number;
  /** Turns of goroutines in all runs. */
  readonly turns: number;
  /** Virtual time of all runs, in milliseconds. */
  readonly virtual: number;
  /** Hash over the hashes of all runs: two explorations with the same hash did the same. */
  readonly hash: string;
  /** The runs by strategies. */
  readonly strategies: readonly StrategyCount[];
  /**
   * Properties that the program has stated, with their counts over all runs. A `sometimes` or
   * `reachable` that never passed is something that no run has tested.
   */
  readonly properties: readonly PropertyCount[];
  /** Failures of different kinds, if they are collected. */
  readonly failures: readonly ExplorationError[];
  /** Text of the run that alone was repeated, as `NETPOLL_SIM` asked for; else null. */
  readonly repeated: string | null;
}

/** Schedule that only counts the decisions of a run in which each goroutine waits for its turn. */
class CountingSchedule {
  steps = 0;
  pick(): number {
    this.steps++;
    return 0;
  }
}

/** Returns the run that the environment asks for, or null. */
export function repeatedRun(): string | null {
  const text = jsRuntime().variable("NETPOLL_SIM");
  return text === undefined || text === "" ? null : text;
}

/** The part of an exploration that a worker makes. */
export interface Share {
  /** Number of the worker, from 0. */
  readonly at: number;
  /** Number of workers. */
  readonly of: number;
  /** The least number of a run that failed in any worker, as a shared word. */
  readonly failed: Int32Array;
}

/** A run of a worker that failed. */
export interface WorkerFailure {
  readonly index: number;
  readonly strategy: string;
  readonly seeded: boolean;
  readonly seed: number;
  readonly schedule: "fifo" | "random";
  readonly choices: readonly Choice[];
  readonly message: string;
}

/** See the top of this file. */
export class Exploration {
  /** In a worker: the run that failed. */
  failure: WorkerFailure | null = null;
  readonly #share: Share | null;
  readonly #settings: ExploreSettings;
  readonly #lanes: readonly Lane[];
  readonly #counts: { runs: number; failed: number }[];
  readonly #failures = new Map<string, ExplorationError>();
  readonly #results = { runs: 0, failed: 0, turns: 0, virtual: 0 };
  readonly #properties = new PropertyCounts();
  #hash = 0x811c9dc5;
  /** Decisions of a run, once they were counted. */
  #steps = -1;

  constructor(settings: ExploreSettings, share: Share | null = null) {
    this.#settings = settings;
    this.#share = share;
    this.#lanes = settings.strategies.map((strategy) => laneOf(strategy, settings.seed));
    this.#counts = this.#lanes.map(() => ({ runs: 0, failed: 0 }));
  }

  /** Makes all runs, or that which the environment names. */
  *run(): Steps<ExploreResult> {
    const text = repeatedRun();
    if (text !== null) return yield* this.#repeat(text);
    const { runs, time, collect } = this.#settings;
    const lanes = this.#lanes;
    const end = now() + time;
    for (let turn = 0, idle = 0; this.#results.runs < runs && idle < lanes.length; turn++) {
      const index = this.#indexOf(turn);
      if (this.#results.runs > 0 && now() >= end) break;
      if (this.#share !== null && index > Atomics.load(this.#share.failed, 0)) break;
      const plan = yield* this.#plan(index);
      idle = plan === null ? idle + 1 : 0;
      if (plan === null) continue;
      yield* this.#explore(index, plan);
      if (collect > 0 && this.#failures.size >= collect) break;
    }
    const result = this.#result(null);
    if (this.#share === null && this.#failures.size === 0) checkCoverage(this.#settings, result);
    return result;
  }

  /** The number of the run that comes at a turn: workers make rounds of all strategies each. */
  #indexOf(turn: number): number {
    if (this.#share === null) return turn;
    const { length } = this.#lanes;
    const round = Math.floor(turn / length);
    return (round * this.#share.of + this.#share.at) * length + turn % length;
  }

  /** The run of a number, or null if its strategy has no more. */
  *#plan(index: number): Steps<Plan | null> {
    const { seed } = this.#settings;
    const lane = this.#lanes[index % this.#lanes.length];
    // An enumeration goes on from what it has seen: it has one worker.
    if (!lane.seeded && this.#share !== null && this.#share.at > 0) return null;
    if (lane.needsSteps && this.#steps < 0) yield* this.#countSteps();
    return lane.next((seed + index) >>> 0, this.#steps);
  }

  *#countSteps(): Steps<void> {
    const schedule = new CountingSchedule();
    yield { ...this.#settings.simulation, schedule };
    this.#steps = schedule.steps;
  }

  *#explore(index: number, plan: Plan): Steps<void> {
    const at = index % this.#lanes.length;
    const lane = this.#lanes[at];
    const attempt = yield planned(this.#settings, plan);
    this.#counts[at].runs++;
    this.#add(attempt);
    lane.done();
    this.#settings.onRun({ index, seed: plan.seed, strategy: lane.name, ...attempt });
    const { error } = attempt;
    if (error === null) return;
    this.#counts[at].failed++;
    if (this.#share !== null) return yield* this.#report(index, lane, plan, this.#share.failed);
    const kind = failureKind(error.cause);
    if (this.#failures.has(kind)) return;
    const found = { index, strategy: lane.name, seeded: lane.seeded };
    const failure = yield* diagnose(this.#settings, plan, found, error);
    if (this.#settings.collect === 0) throw failure;
    this.#failures.set(kind, failure);
  }

  /** In a worker: keeps what the main thread needs to make the failing run. */
  *#report(index: number, lane: Lane, plan: Plan, failed: Int32Array): Steps<void> {
    const { error } = yield { ...planned(this.#settings, plan), record: true };
    this.failure = {
      index,
      strategy: lane.name,
      seeded: lane.seeded,
      seed: plan.seed,
      schedule: plan.schedule() === "fifo" ? "fifo" : "random",
      choices: error?.choices ?? [],
      message: error?.message ?? "the failure was not reproduced",
    };
    // Later runs need not be made; earlier ones may fail first.
    for (let least = Atomics.load(failed, 0); index < least;) {
      least = Atomics.compareExchange(failed, 0, least, index);
    }
  }

  #add({ result, error }: Attempt): void {
    const results = this.#results;
    const { turns, hash, properties } = result ?? error;
    this.#properties.add(properties);
    results.runs++;
    results.turns += turns;
    results.virtual += result?.virtual ?? error!.at;
    if (error !== null) results.failed++;
    for (const char of hash) this.#hash = Math.imul(this.#hash ^ char.charCodeAt(0), 0x01000193);
  }

  /** Makes only the run that `text` names. */
  *#repeat(text: string): Steps<ExploreResult> {
    const replay = parseReplay(text);
    const { seed, schedule, choices } = replay;
    const plan: Plan = choices === undefined
      ? (yield* this.#plan((seed - this.#settings.seed) >>> 0))!
      : { seed, schedule: () => schedule, choices };
    const attempt = yield { ...planned(this.#settings, plan), record: true };
    this.#add(attempt);
    this.#settings.onRun({ index: 0, seed, strategy: "repeated", ...attempt });
    const { error } = attempt;
    if (error !== null) {
      const { command } = this.#settings;
      const options = recordedRun(plan, error);
      const found = {
        index: -1,
        strategy: "repeated",
        replay,
        options,
        repeats: true,
        shrink: null,
      };
      throw new ExplorationError(error, { ...found, command });
    }
    return this.#result(text);
  }

  #result(repeated: string | null): ExploreResult {
    return {
      ...this.#results,
      hash: (this.#hash >>> 0).toString(16).padStart(8, "0"),
      strategies: repeated === null ? this.#lanes.map((lane, i) => this.#count(lane, i)) : [],
      properties: this.#properties.all(),
      failures: [...this.#failures.values()],
      repeated,
    };
  }

  #count(lane: Lane, i: number): StrategyCount {
    const { runs, failed } = this.#counts[i];
    const { name: strategy, pending, seeded, reduced } = lane;
    const complete = !seeded && pending === 0;
    const text = seeded
      ? `${strategy}: ${runs} runs`
      : coverageOf(strategy, runs, pending, reduced);
    return { strategy, runs, failed, complete, pending, text };
  }
}

function coverageOf(strategy: string, runs: number, pending: number, reduced: boolean): string {
  if (pending === 0) {
    return reduced
      ? `${strategy}: ${runs} schedules seen, to which all others are equivalent`
      : `${strategy}: all ${runs} schedules seen`;
  }
  return `${strategy}: ${runs} of more than ${
    runs + pending
  } schedules seen, the budget is used up`;
}

/** Throws CoverageError if a result lacks what some run should have seen, and that is required. */
export function checkCoverage({ coverage }: ExploreSettings, result: ExploreResult): void {
  if (coverage === "report") return;
  const missing = result.properties.filter(({ kind, passed }) =>
    passed === 0 && (kind === "sometimes" || kind === "reachable")
  );
  if (missing.length > 0) throw new CoverageError(result.runs, missing);
}
