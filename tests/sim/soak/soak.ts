// SPDX-License-Identifier: MIT
/** Runs every scenario under a range of seeds. */
import { simulateSync, SimulationError } from "../../../sim.ts";
import { SCENARIOS } from "./scenarios.ts";

/** A run that failed. */
export interface SoakFailure {
  readonly scenario: string;
  readonly seed: number;
  readonly schedule: "fifo" | "random";
  readonly error: SimulationError;
}

/**
 * Runs all scenarios with each of `count` seeds from `first` on; even seeds run first in, first out, odd
 * ones in a random order. Returns those that failed.
 */
export function soak(first: number, count: number): SoakFailure[] {
  const failures: SoakFailure[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const schedule = seed % 2 === 0 ? "fifo" : "random";
    for (const { name, options, main } of SCENARIOS) {
      try {
        simulateSync({ ...options, faults: "mild", seed, schedule }, main);
      } catch (error) {
        if (!(error instanceof SimulationError)) throw error;
        failures.push({ scenario: name, seed, schedule, error });
      }
    }
  }
  return failures;
}
