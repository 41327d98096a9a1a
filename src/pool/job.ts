// SPDX-License-Identifier: MIT
/** The current job of a pool's worker, for use by the job itself. */
import { CANCELLED } from "../worker/protocol.ts";

let words: Int32Array | null = null;
let current = 0;

/** Records that the worker begins `job`; 0 for none. */
export function beginJob(shared: Int32Array, job: number): void {
  words = shared;
  current = job;
}

/**
 * Returns true if the result of the current job is no longer needed: the goroutine that submitted
 * it was ended or cancelled. A long job should check this now and then, and return. Never parks.
 *
 * @example
 * ```ts
 * export function search(from: number, to: number): number[] {
 *   const found = [];
 *   for (let n = from; n < to && !jobCancelled(); n++) if (matches(n)) found.push(n);
 *   return found;
 * }
 * ```
 */
export function jobCancelled(): boolean {
  return words !== null && current !== 0 && Atomics.load(words, CANCELLED) === current;
}
