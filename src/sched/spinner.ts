// SPDX-License-Identifier: MIT
/**
 * Decides what a thread without work does: spin, wait, or sleep. As KVM's halt polling and Go's
 * spinning Ms do, it uses the recent gaps between running out of work and the next event.
 *
 *   spin   looks at the poller again and again; costs CPU time, sees an event at once
 *   wait   blocks in the poller for moments; cheap, but the host's loop stands still meanwhile
 *   sleep  has another thread watch the poller beside the host's loop; the wake-up costs the most
 *
 * CPU time spent spinning is bounded by a token bucket, which a share of the time that passes
 * fills. An event that is found by spinning costs tokens only for what exceeds the price of a sleep
 * and a wake-up, since without spinning those would have been paid; a spin for nothing costs all of
 * itself.
 */

/**
 * CPU time of one sleep and one wake-up by another thread; the event is seen about as much later.
 */
const WAKE_MS = 0.1;
/** Part of the time that may be spent spinning, unless a run asks for another. */
export const SPIN_SHARE = 0.05;
/** Longest average gap for which an event is expected soon. */
const LONGEST_GAP_MS = 0.5;
/** A gap counts as no longer than this: one long pause must not hide many short gaps. */
const CLIPPED_GAP_MS = 2 * LONGEST_GAP_MS;
/** Weight of the newest gap in the average. */
const WEIGHT = 1 / 4;
/** An event is waited for this many times the average gap, plus {@linkcode SLACK_MS}. */
const PATIENCE = 3;
const SLACK_MS = 0.05;
/** Tokens that the bucket holds, in milliseconds of spinning. */
const BURST_MS = 10;
/** Longest average gap for which spinning is better than a wait or a sleep. */
const SPIN_GAP_MS = 0.25;
/**
 * Two looks further apart than this, with nothing between them: another thread needs this
 * processor.
 */
const STALL_MS = 0.05;
/**
 * Spinning then stays off for so many times as long: a short run of a helper thread costs little,
 * while a competing program mostly has the processor for itself.
 */
const CROWDED_FACTOR = 50;
const LONGEST_CROWDED_MS = 1000;

/** One per thread. Times are milliseconds of the scheduler's clock. */
export class Spinner {
  /** See {@linkcode WAKE_MS}. */
  readonly #wake: number;
  /** Average time between running out of work and the next event. */
  #gap: number;
  #tokens = BURST_MS;
  #filledAt = 0;
  /** Time when the thread ran out of work; 0 while it has some. */
  #idleSince = 0;
  #asleep = false;
  /** Time until which the next event is expected. */
  #until = 0;
  /** Time until which it spins. */
  #spinUntil = 0;
  #crowdedUntil = 0;

  /** @param wake CPU time of one sleep and one wake-up */
  constructor(wake = WAKE_MS) {
    this.#wake = wake;
    this.#gap = wake / 2;
  }

  /** The thread has work again: an event from the poller if `event`, else work of its own. */
  busy(now: number, event: boolean): void {
    if (this.#idleSince === 0) return;
    const waited = now - this.#idleSince;
    if (event) {
      const gap = this.#asleep ? Math.max(waited / 2, waited - this.#wake) : waited;
      this.#gap += (Math.min(gap, CLIPPED_GAP_MS) - this.#gap) * WEIGHT;
    }
    const spun = Math.min(now, this.#spinUntil) - this.#idleSince;
    const hit = event && now <= this.#spinUntil;
    this.#tokens -= hit ? Math.max(0, spun - this.#wake) : spun;
    this.#idleSince = 0;
    this.#asleep = false;
  }

  /**
   * The thread has no work. Decides what it does, unless that is decided.
   *
   * @param share part of the time that may be spent spinning
   */
  idle(now: number, share: number): void {
    if (this.#idleSince !== 0) return;
    this.#tokens = Math.min(BURST_MS, this.#tokens + (now - this.#filledAt) * share);
    this.#filledAt = this.#idleSince = now;
    this.#until = now + this.#patience;
    this.#spinUntil = share > 0 && this.willSpin(now) ? this.#until : now;
  }

  /** Whether it would spin if there were no work. */
  willSpin(now: number): boolean {
    return this.#gap < SPIN_GAP_MS && this.#patience <= this.#tokens && now > this.#crowdedUntil;
  }

  get #patience(): number {
    return this.#gap < LONGEST_GAP_MS ? this.#gap * PATIENCE + SLACK_MS : 0;
  }

  /** Two looks with nothing between them were at `before` and `now`. */
  looked(before: number, now: number): void {
    const stall = now - before;
    if (stall <= STALL_MS) return;
    this.#crowdedUntil = now + Math.min(stall * CROWDED_FACTOR, LONGEST_CROWDED_MS);
  }

  /** Whether to look again at once. */
  spins(now: number): boolean {
    return this.#idleSince !== 0 && now < this.#spinUntil && now > this.#crowdedUntil;
  }

  /** Time until which an event is expected. */
  promised(now: number): number {
    return this.#idleSince === 0 ? now + this.#patience : this.#until;
  }

  /** The thread waits in the poller from `at` on, and so spins no longer. */
  wait(at: number): void {
    this.#spinUntil = Math.min(this.#spinUntil, at);
  }

  /** The thread goes to sleep, at `at`. */
  sleep(at: number): void {
    this.wait(at);
    this.#asleep = true;
  }

  /** Called when no goroutine is left to run. */
  reset(): void {
    this.#idleSince = 0;
    this.#asleep = false;
  }
}
