// SPDX-License-Identifier: MIT
/**
 * The clock behind the channel of a Timer or Ticker. Go: runtime/time.go since 1.23, timers of
 * channels.
 *
 * No tick is ever made in advance. A tick that is due is made when a receiver asks the channel for
 * it; the clock is in the scheduler's heap only while a receiver waits. So a timer without a
 * receiver costs nothing, hides no deadlock and need not be stopped, and after `stop` or `reset`
 * there is no stale tick that could be seen.
 */
import { epoch, now } from "../sched/clock.ts";
import { scheduler } from "../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../sched/timer_heap.ts";
import { Channel } from "../chan/channel.ts";
import { type ChanSource, NOTHING } from "../chan/outcome.ts";

/** Times are milliseconds of `performance.now()`. */
export class TickSource implements HeapTimer, ChanSource<Date> {
  slot = NO_SLOT;
  readonly chan: Channel<Date> = new Channel(0, this);
  /** Whether a tick is still to come. */
  #running = false;
  #when = 0;
  /** Milliseconds from tick to tick, or 0 for only one. */
  #period = 0;

  /** Schedules the first tick `ms` from now. Returns true if one was still pending. */
  start(ms: number, period: number): boolean {
    const pending = this.stop();
    this.#running = true;
    this.#when = now() + ms;
    this.#period = period;
    if (this.chan.receivers.first !== null) this.arm();
    return pending;
  }

  /** Cancels all ticks. Returns true if one was still pending, or not yet received. */
  stop(): boolean {
    const returned = this.chan.drain();
    const pending = this.#running || returned > 0;
    this.#running = false;
    this.disarm();
    return pending;
  }

  take(): Date | typeof NOTHING {
    if (!this.#running) return NOTHING;
    const overdue = now() - this.#when;
    return overdue < 0 ? NOTHING : this.#tick(overdue);
  }

  arm(): void {
    if (!this.#running || this.#when === Infinity) return;
    if (this.slot === NO_SLOT) scheduler.timers.set(this, this.#when);
  }

  disarm(): void {
    scheduler.timers.stop(this);
  }

  /** The tick that was due `overdue` milliseconds ago. Those that came after it are dropped. */
  #tick(overdue: number): Date {
    const due = new Date(epoch() - overdue);
    if (this.#period === 0) this.#running = false;
    else this.#when += this.#period * (1 + Math.floor(overdue / this.#period));
    return due;
  }

  /** Called by the heap of timers when this one is due. */
  fire(): void {
    const { receivers } = this.chan;
    const overdue = Math.max(0, now() - this.#when);
    const w = receivers.take();
    // The receiver may just have been served by another case of its select: then the tick stays
    // due.
    if (w === null) return;
    w.finish(this.#tick(overdue), true);
    if (receivers.first !== null) this.arm();
  }
}
