// SPDX-License-Identifier: MIT
/** The calendar clock of a simulated host: it may be wrong, jump, and run too fast or too slow. */

/**
 * Calendar clock of a simulated host: what `Date.now()` and deadlines that are dates go by there.
 * Time-outs and timers go by the monotonic clock, which is the same on all hosts.
 */
export class SimClock {
  /** Milliseconds that it was ahead when it was set last. */
  #offset: number;
  /** Parts of a million that it is too fast. */
  #ppm = 0;
  /** Virtual time since when that is so. */
  #since = 0;
  readonly #epoch: number;
  readonly #now: () => number;

  /** @internal */
  constructor(epoch: number, now: () => number, skew = 0) {
    this.#epoch = epoch;
    this.#now = now;
    this.#offset = skew;
  }

  /** Milliseconds that it is ahead of the true time, or, if negative, behind it. */
  get skew(): number {
    return this.#offset + (this.#now() - this.#since) * this.#ppm / 1e6;
  }

  /**
   * Sets it forward, or back if `ms` is negative, as a step of NTP does.
   *
   * @param ms milliseconds
   */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /**
   * Has it run too fast from now on, or too slow if `ppm` is negative.
   *
   * @param ppm parts of a million
   */
  drift(ppm: number): void {
    this.#offset = this.skew;
    this.#since = this.#now();
    this.#ppm = ppm;
  }

  /** Returns the time that it shows at `now`, in whole milliseconds. @internal */
  read(now: number): number {
    return Math.floor(this.#epoch + now + this.skew);
  }
}
