// SPDX-License-Identifier: MIT
/** Looks for the planted bugs, seed by seed. */
import {
  ExplorationError,
  exploreSync,
  type SimOptions,
  simulateSync,
  SimulationError,
  type Strategy,
} from "../../../sim.ts";
import type { Bug } from "./bug.ts";

/** Runs that a bug must be found within. */
export const MOST_RUNS = 1000;

/** Result of a search: its number of runs, its duration in milliseconds, and the error. */
export interface Found {
  readonly runs: number;
  readonly ms: number;
  readonly error: ExplorationError;
}

/** Looks for a bug under seeds from 1 on. Returns null if it is not found in {@linkcode MOST_RUNS}. */
export function search(bug: Bug, strategy: Strategy, shrink = 0): Found | null {
  const { broken, options, failure } = bug;
  const began = performance.now();
  try {
    exploreSync({ ...options, runs: MOST_RUNS, strategies: [strategy], shrink }, broken);
    return null;
  } catch (error) {
    if (!(error instanceof ExplorationError)) throw error;
    if (failure.test(error.message)) {
      return { runs: error.index + 1, ms: performance.now() - began, error };
    }
    throw new Error(`another failure than ${failure}`, { cause: error });
  }
}

/** Returns the error of one run of a program, or null. */
export function failureOf(program: Bug["broken"], options: SimOptions): SimulationError | null {
  try {
    simulateSync(options, program);
    return null;
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    return error;
  }
}

/** Runs the corrected twin under `runs` seeds, every second one in a random order. */
export function cleanRuns({ mended, options }: Bug, runs: number): SimulationError | null {
  for (let seed = 1; seed <= runs; seed++) {
    const schedule = seed % 2 === 0 ? "fifo" : "random";
    const error = failureOf(mended, { ...options, seed, schedule });
    if (error !== null) return error;
  }
  return null;
}
