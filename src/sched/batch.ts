// SPDX-License-Identifier: MIT
/**
 * How many goroutines run between two looks at the poller and the timers. Go: schedtick, sysmon.
 */

/** At most. Go: schedtick % 61. */
const MOST = 61;
/** Approximate time between two looks, in milliseconds. */
const LOOK_MS = 1;

/** A batch that took longer than it should makes the next one smaller. */
export class Batch {
  /** Size of the next batch. */
  size = MOST;

  /** Records that the last batch took so many milliseconds. */
  took(ms: number): void {
    if (ms > LOOK_MS) this.size = Math.max(1, Math.floor(this.size * LOOK_MS / ms));
    else if (this.size < MOST) this.size = Math.min(MOST, this.size * 2);
  }
}
