// SPDX-License-Identifier: MIT
/** Deadlines as callers pass them: points in time, not durations. */
import { atCaller } from "../validate/caller.ts";
import { epoch } from "./clock.ts";
import { shown } from "../validate/argument.ts";

/** Milliseconds: about 1973. A smaller number was meant as something else. */
const LEAST_DATE = 1e11;
/** From here on, a number too small for milliseconds since the epoch is one in seconds: 2001. */
const LEAST_SECONDS = 1e9;

/**
 * Returns `at` in milliseconds since the epoch. Throws RangeError if it is not a time, and for a
 * number that is a duration, or seconds since the epoch. 0 and 1 stand for a time long past.
 */
export function deadlineMs(at: Date | number, kinds: string): number {
  const ms = at instanceof Date ? at.getTime() : at;
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw atCaller(
      new RangeError(
        `Cannot set a deadline as at must be ${kinds}: current value is ${shown(at)}`,
      ),
    );
  }
  if (typeof at === "number" && ms > 1 && ms < LEAST_DATE && ms < epoch()) {
    const meant = ms < LEAST_SECONDS ? `Date.now() + ${ms}` : `${ms} * 1000`;
    throw atCaller(
      new RangeError(
        "Cannot set a deadline: `at` must be in milliseconds since the epoch; " +
          `${ms} is in ${new Date(ms).getUTCFullYear()}, did you mean ${meant}?`,
      ),
    );
  }
  return ms;
}
