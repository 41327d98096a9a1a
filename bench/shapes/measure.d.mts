// SPDX-License-Identifier: MIT

/** Operations a second, and microseconds of CPU time for each. */
interface Result {
  rate: number;
  cpu: number;
}

/** See measure.mjs. */
interface Counter {
  goOn(): boolean;
  result(): Result | null;
  resultOf(done: number): Result;
}

/** The warm-up, in times of what is measured. */
export const WARMUP: number;
export function count(ms: number): Counter;
export function printed(result: Result | null): void;
export function pseudoRandom(below: number): () => number;
