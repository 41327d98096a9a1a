// SPDX-License-Identifier: MIT
/** Deadlines: from the user's clock to the scheduler's. */
import { shown } from "../validate/argument.ts";
import { epoch, now } from "../sched/clock.ts";

/** A point in time: a Date, or milliseconds since the epoch; null for no deadline. */
export type Deadline = Date | number | null;

/**
 * Converts `at` to milliseconds of `performance.now()`; Infinity for none. Throws RangeError if it
 * is not a time.
 */
export function toMonotonic(at: Deadline): number {
  if (at === null) return Infinity;
  const wanted = at instanceof Date ? at.getTime() : at;
  if (typeof wanted !== "number" || Number.isNaN(wanted)) {
    throw new RangeError(
      `Cannot set a deadline as at must be a Date, a number or null: current value is ${shown(at)}`,
    );
  }
  return now() + (wanted - epoch());
}
