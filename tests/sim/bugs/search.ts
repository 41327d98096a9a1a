// SPDX-License-Identifier: MIT
/** Looks for the planted bugs, seed by seed. */
import { type SimOptions, simulateSync, SimulationError } from "../../../sim.ts";
import type { Bug } from "./bug.ts";

/** Runs that a bug must be found within. */
export const MOST_RUNS = 1000;

/** An order of goroutines. */
export type Order = "fifo" | "random";

/** The orders that a search has. */
export const ORDERS: readonly Order[] = ["fifo", "random"];

/** What a search has found: the runs and the milliseconds that it took, and the error. */
export interface Found {
  readonly runs: number;
  readonly ms: number;
  readonly error: SimulationError;
}

/** Returns the error of one run of a program, or null. */
export function failureOf(
  program: Bug["broken"],
  options: SimOptions,
): SimulationError | null {
  try {
    simulateSync(options, program);
    return null;
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    return error;
  }
}

/** Looks for the bug under seeds from 1 on. Returns null if it is not found in {@linkcode MOST_RUNS}. */
export function search({ broken, options, failure }: Bug, schedule: Order): Found | null {
  const began = performance.now();
  for (let runs = 1; runs <= MOST_RUNS; runs++) {
    const error = failureOf(broken, { ...options, seed: runs, schedule });
    if (error === null) continue;
    if (failure.test(error.message)) return { runs, ms: performance.now() - began, error };
    throw new Error(`another failure than ${failure}, seed ${runs}, ${schedule}`, { cause: error });
  }
  return null;
}

/** Runs the mended twin under `runs` seeds, of which every second runs in a random order. */
export function cleanRuns({ mended, options }: Bug, runs: number): SimulationError | null {
  for (let seed = 1; seed <= runs; seed++) {
    const error = failureOf(mended, { ...options, seed, schedule: ORDERS[seed % 2] });
    if (error !== null) return error;
  }
  return null;
}
