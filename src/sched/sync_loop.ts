// SPDX-License-Identifier: MIT
/**
 * Drives the scheduler for `runSync`, which has the thread to itself: without work it blocks in the
 * poller, until an event or the next timer. While the next event is near it looks at the poller
 * instead, see {@linkcode Spinner}: a wake-up of the thread takes longer than a round trip.
 */
import { Spinner } from "./spinner.ts";

/** CPU time of one wait in the poller and the wake-up from it. */
const WAKE_MS = 0.05;

/** What it needs of the scheduler. */
interface Passes {
  readonly runnable: boolean;
  readonly now: number;
  readonly waited: number;
  readonly waiters: number;
  pass(maxWait: number): boolean;
}

/** One per `runSync`. */
export class SyncLoop {
  readonly #scheduler: Passes;
  readonly #spinner = new Spinner(WAKE_MS);
  readonly #share: number;

  /** @param share part of the time that may be spent spinning */
  constructor(scheduler: Passes, share: number) {
    this.#scheduler = scheduler;
    this.#share = share;
  }

  /** Runs what is runnable, and waits for more. */
  pass(): void {
    const scheduler = this.#scheduler;
    const spinner = this.#spinner;
    const { runnable, now } = scheduler;
    const event = scheduler.pass(this.#spins(runnable, now) ? 0 : Infinity);
    const { waited } = scheduler;
    const idleAt = scheduler.now - waited;
    if (!scheduler.runnable || waited > 0) spinner.idle(idleAt, this.#share);
    if (waited > 0) spinner.sleep(idleAt);
    if (scheduler.runnable) spinner.busy(scheduler.now, event);
    else if (!runnable && waited === 0) spinner.looked(now, scheduler.now);
  }

  /** Whether the thread looks at the poller where it could wait. */
  #spins(runnable: boolean, now: number): boolean {
    if (this.#share === 0 || this.#scheduler.waiters === 0) return false;
    return runnable ? this.#spinner.willSpin(now) : this.#spinner.spins(now);
  }
}
