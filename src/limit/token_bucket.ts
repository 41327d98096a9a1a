// SPDX-License-Identifier: MIT
/** Rate limit with a burst. Go: golang.org/x/time/rate. */

/** Milliseconds per second. */
const SECOND = 1000;

/** Adds tokens at this rate per second, up to `burst`. Times are of `performance.now()`. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Returns the milliseconds from `now` until a token is available; 0 if there is one. */
  wait(now: number): number {
    this.#fill(now);
    return this.#tokens >= 1 ? 0 : (1 - this.#tokens) * SECOND / this.#perSecond;
  }

  /** Removes a token, which must be available. */
  take(): void {
    this.#tokens--;
  }

  #fill(now: number): void {
    const more = Math.max(0, now - this.#at) * this.#perSecond / SECOND;
    this.#tokens = Math.min(this.#burst, this.#tokens + more);
    this.#at = now;
  }
}
