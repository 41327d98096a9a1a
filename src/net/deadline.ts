// SPDX-License-Identifier: MIT
/** Conversion of deadlines from wall-clock time to the scheduler's clock. */
import { deadlineMs } from "../sched/deadline.ts";
import { epoch, now } from "../sched/clock.ts";

/** A point in time: a Date, or milliseconds since the epoch; null for no deadline. */
export type Deadline = Date | number | null;

/**
 * Converts `at` to milliseconds of `performance.now()`; Infinity for none. Throws RangeError if it
 * is not a time, or is a duration.
 */
export function toMonotonic(at: Deadline): number {
  if (at === null) return Infinity;
  const wanted = deadlineMs(at, "a Date, a number or null");
  return now() + (wanted - epoch());
}
