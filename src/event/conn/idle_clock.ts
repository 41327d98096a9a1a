// SPDX-License-Identifier: MIT
/** When a connection is to be closed because of the time. Connections without limits have none. */
import { scheduler } from "../../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../../sched/timer_heap.ts";
import { now } from "../../sched/clock.ts";

/** What the clock looks at, and tells. */
export interface Clocked {
  /** When the last byte went. */
  readonly lastActive: number;
  /** Called once: it is late, `idle` or by the deadline. */
  timedOut(idle: boolean): void;
}

/**
 * A deadline, an idle time-out and the bound of a close in one timer. A byte that goes moves nothing but the connection's
 * `lastActive`: a timer that finds it too early sets itself anew.
 */
export class IdleClock implements HeapTimer {
  slot: number = NO_SLOT;
  #deadline = Infinity;
  #idle = Infinity;
  /** When it is given up although it is being closed. */
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

  /** Sets the idle time-out in milliseconds; Infinity for none. */
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

  /** Ends it. */
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
