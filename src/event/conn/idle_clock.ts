// SPDX-License-Identifier: MIT
/** Timeouts of a connection. A connection without any has no clock. */
import { scheduler } from "../../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../../sched/timer_heap.ts";
import { now } from "../../sched/clock.ts";

/** Connection of a clock. */
export interface Clocked {
  /** Time of the last byte. */
  readonly lastActive: number;
  /** Called once on expiry: of the idle timeout if `idle`, otherwise of the deadline. */
  timedOut(idle: boolean): void;
}

/**
 * A deadline, an idle timeout and the bound of a close in one timer. A transferred byte only
 * updates the connection's `lastActive`: a timer that fires too early is set again.
 */
export class IdleClock implements HeapTimer {
  slot: number = NO_SLOT;
  #deadline = Infinity;
  #idle = Infinity;
  /** Time at which its close is cut short. */
  #closing = Infinity;
  readonly #conn: Clocked;

  constructor(conn: Clocked) {
    this.#conn = conn;
  }

  /** Sets the deadline, in milliseconds of `performance.now()`; Infinity for none. */
  setDeadline(at: number): void {
    this.#deadline = at;
    this.#set();
  }

  /** Sets the idle timeout in milliseconds; Infinity for none. */
  setIdle(ms: number): void {
    this.#idle = ms;
    this.#set();
  }

  /** Expires at `at`, in milliseconds of `performance.now()`, regardless of activity. */
  setClosing(at: number): void {
    this.#idle = Infinity;
    this.#closing = at;
    this.#set();
  }

  /** Stops it. */
  stop(): void {
    scheduler.timers.stop(this);
  }

  fire(): void {
    const at = now();
    if (this.#due > at) this.#set();
    else this.#conn.timedOut(this.#deadline > at);
  }

  get #due(): number {
    return Math.min(this.#deadline, this.#closing, this.#conn.lastActive + this.#idle);
  }

  #set(): void {
    if (this.#due === Infinity) this.stop();
    else scheduler.timers.set(this, this.#due);
  }
}
