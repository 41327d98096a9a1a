// SPDX-License-Identifier: MIT
/**
 * Runs of an exploration as a generator asks for them: the same steps drive simulations with promises
 * and without.
 */
import type { SimulationError } from "../errors.ts";
import type { SimOptions } from "../options.ts";
import type { SimulationResult } from "../simulate.ts";

/** What became of a run. */
export type Attempt =
  | { readonly result: SimulationResult<unknown>; readonly error: null }
  | { readonly result: null; readonly error: SimulationError };

/** Yields the options of each run, and receives what became of it. */
export type Steps<R> = Generator<SimOptions, R, Attempt>;
