// SPDX-License-Identifier: MIT
/** The job that a worker of a pool is at, for the job's own code. */
import { CANCELLED } from "../worker/protocol.ts";

let words: Int32Array | null = null;
let current = 0;

/** The worker begins `job`; 0 when it is at none. */
export function beginJob(shared: Int32Array, job: number): void {
  words = shared;
  current = job;
}

/**
 * Whether nobody waits any more for the result of the job that this thread is at: the goroutine that
 * submitted it was ended, or gave up. A job that takes long should look now and then, and return.
 * Never parks.
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
