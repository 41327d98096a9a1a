// SPDX-License-Identifier: MIT
/** Options of an exploration. */
import { shown, wrongArgument } from "../../validate/argument.ts";
import { checkSimOptions, type SimOptions } from "../options.ts";
import type { SimulationResult } from "../simulate.ts";
import type { SimulationError } from "../errors.ts";
import type { Strategy } from "./strategy.ts";

/** Run of an exploration, as {@linkcode ExploreOptions.onRun} has it. */
export interface ExploredRun {
  /** Number of the run, from 0. */
  readonly index: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Name of the strategy, such as "random" or "pct 3". */
  readonly strategy: string;
  /** What the run returned, or null if it failed. */
  readonly result: SimulationResult<unknown> | null;
  /** Why it failed, or null. */
  readonly error: SimulationError | null;
}

/** Options of {@linkcode explore}: those of a simulation, and these. */
export interface ExploreOptions extends Omit<SimOptions, "schedule" | "choices" | "record"> {
  /** Seed of the first run, a 32-bit number; 1 by default. Each further run has the next one. */
  seed?: number;
  /** Runs at most; 1,000 by default. */
  runs?: number;
  /**
   * Real time in milliseconds after which no further run begins; `Infinity` by default. The number of
   * runs then depends on the machine.
   */
  time?: number;
  /**
   * Strategies, which take turns; by default "fifo", "random", `{ pct: 3 }` and `{ delays: 2 }`. See
   * {@linkcode Strategy}.
   */
  strategies?: readonly Strategy[];
  /** Runs at most in which a failure is made smaller; 500 by default, 0 leaves it as it is. */
  shrink?: number;
  /**
   * Failures of different kinds that are collected before the exploration ends; 0, the default, throws
   * the first one. Two are of one kind if their errors have the same class and, but for numbers, the
   * same first line.
   */
  collect?: number;
  /**
   * Whether the exploration fails if some `sometimes` was never true or some `reachable` never
   * reached: "require", the default without `time`, or "report", the default with it. See
   * {@linkcode ExploreResult.properties}.
   */
  coverage?: "require" | "report";
  /**
   * Worker threads that share the runs; none by default. The program is then a module: see
   * {@linkcode explore}. Which runs are made depends on the number of workers. Not with `collect`,
   * `onRun`, or a strategy that is a function.
   */
  workers?: number;
  /**
   * Called after each run, in its order, but not after those in which a failure is made smaller. An
   * error that it throws ends the exploration.
   */
  onRun?: (run: ExploredRun) => void;
}

/** Options with their defaults. */
export interface ExploreSettings {
  readonly seed: number;
  readonly runs: number;
  readonly time: number;
  readonly strategies: readonly Strategy[];
  readonly shrink: number;
  readonly collect: number;
  readonly coverage: "require" | "report";
  /** Command that repeats the test, for the error; "" if none is known. */
  readonly command: string;
  readonly workers: number;
  readonly onRun: (run: ExploredRun) => void;
  /** What each simulation has. */
  readonly simulation: SimOptions;
}

const STRATEGIES: readonly Strategy[] = ["fifo", "random", { pct: 3 }, { delays: 2 }];

const REPEAT = "make a failed run again by simulate({ ...error.options, record: true }, main)";
/** Options of a single run that an exploration does not have, with what to use instead. */
const ONE_RUN: Readonly<Record<string, string>> = {
  schedule: "use strategies",
  choices: REPEAT,
  record: REPEAT,
};

/** Checks options and fills in the defaults. Throws TypeError or RangeError. */
export function checkExploreOptions(options: ExploreOptions, command = ""): ExploreSettings {
  if (typeof options !== "object" || options === null) {
    throw wrongArgument("explore", "options", "an object", options);
  }
  const { runs = 1000, time = Infinity, shrink = 500, collect = 0, ...others } = options;
  const { coverage = time < Infinity ? "report" : "require", ...more } = others;
  const { strategies = STRATEGIES, onRun = () => {}, workers = 0, ...simulation } = more;
  const refused = Object.keys(ONE_RUN).find((name) => name in simulation);
  if (refused !== undefined) {
    throw new TypeError(`Cannot explore as there is no option ${refused}: ${ONE_RUN[refused]}`);
  }
  const { seed } = checkSimOptions(simulation);
  if (runs !== Infinity) needCount("runs", runs, 1);
  needCount("shrink", shrink, 0);
  needCount("collect", collect, 0);
  if (!(time > 0)) throw outOfRange("time", "a time above 0", time);
  if (!Array.isArray(strategies) || strategies.length === 0) {
    throw wrongArgument("explore", "strategies", "an array of strategies", strategies);
  }
  needCount("workers", workers, 0);
  if (workers > 0) needNoFunctions(options);
  if (coverage !== "require" && coverage !== "report") {
    throw wrongArgument("explore", "coverage", '"require" or "report"', coverage);
  }
  if (typeof onRun !== "function") throw wrongArgument("explore", "onRun", "a function", onRun);
  return {
    seed,
    runs,
    time,
    strategies,
    shrink,
    collect,
    coverage,
    command,
    workers,
    onRun,
    simulation,
  };
}

/** Other threads have no functions of this one. */
function needNoFunctions({ collect = 0, onRun, strategies = [] }: ExploreOptions): void {
  if (collect > 0) throw new TypeError("Cannot explore with workers: collect needs one thread");
  if (onRun !== undefined || strategies.some((each) => typeof each === "function")) {
    throw new TypeError("Cannot explore with workers: onRun and strategies must be no functions");
  }
}

function needCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw outOfRange(name, `a whole number from ${least}`, value);
  }
}

function outOfRange(name: string, what: string, value: unknown): RangeError {
  return new RangeError(
    `Cannot explore as ${name} must be ${what}: current value is ${shown(value)}`,
  );
}
