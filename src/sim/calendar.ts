// SPDX-License-Identifier: MIT
/** Calendar clock of a simulated host, which may be wrong, jump or drift. */

/**
 * Calendar clock of a simulated host: source of `Date.now()` and of deadlines that are dates.
 * Timeouts and timers use the monotonic clock, which is the same on all hosts.
 */
export class SimClock {
  /** Offset in milliseconds when it was last set. */
  #offset: number;
  /** Drift in parts per million. */
  #ppm = 0;
  /** Virtual time since which that applies. */
  #since = 0;
  readonly #epoch: number;
  readonly #now: () => number;

  /** @internal */
  constructor(epoch: number, now: () => number, skew = 0) {
    this.#epoch = epoch;
    this.#now = now;
    this.#offset = skew;
  }

  /** Offset from the true time in milliseconds; negative if it is behind. */
  get skew(): number {
    return this.#offset + (this.#now() - this.#since) * this.#ppm / 1e6;
  }

  /**
   * Steps it forward, or back if `ms` is negative, as NTP does.
   *
   * @param ms milliseconds
   */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /**
   * Makes it run too fast from now on, or too slow if `ppm` is negative.
   *
   * @param ppm parts per million
   */
  drift(ppm: number): void {
    this.#offset = this.skew;
    this.#since = this.#now();
    this.#ppm = ppm;
  }

  /** Returns its time at `now`, in whole milliseconds. @internal */
  read(now: number): number {
    return Math.floor(this.#epoch + now + this.skew);
  }
}
