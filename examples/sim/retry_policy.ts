// SPDX-License-Identifier: MIT
/** Whether and when a call that failed is made again. */

/** Decides about retries: how long to wait before the next try, or null to give up. */
export interface RetryPolicy {
  /** A new call begins. */
  begin(): void;
  /** Returns milliseconds; `tries` have failed. */
  next(tries: number): number | null;
}

/** Repeats a call at once, up to ten times. */
export class AtOnce implements RetryPolicy {
  begin(): void {}
  next(tries: number): number | null {
    return tries < 10 ? 0 : null;
  }
}

/** Exponential back-off with full jitter, and a tenth of the calls as the budget of retries. */
export class BackOff implements RetryPolicy {
  #tokens = 10;
  begin(): void {
    this.#tokens = Math.min(10, this.#tokens + 0.1);
  }
  next(tries: number): number | null {
    if (tries >= 4 || this.#tokens < 1) return null;
    this.#tokens--;
    return Math.random() * 100 * 2 ** tries;
  }
}
