// SPDX-License-Identifier: MIT
/** Counters of what this thread does. Go: runtime/metrics. */
import { netpoll } from "../netpoll/netpoll.ts";
import { scheduler } from "../sched/thread.ts";
import { counters } from "../fd/counters.ts";

/** See {@linkcode stats}. Those that count events count from the start of the thread. */
export interface Stats {
  /** Goroutines that live. */
  readonly goroutines: number;
  /** Goroutines that were started. */
  readonly spawned: number;
  /** Goroutines that have ended. */
  readonly finished: number;
  /** Turns of goroutines: each time that one went on after it had parked, or began. */
  readonly switches: number;
  /** System calls that asked what is ready. */
  readonly polls: number;
  /** Goroutines that such a call made runnable. */
  readonly wakeUps: number;
  /** Calls on a descriptor that would have had to wait (EAGAIN, EWOULDBLOCK). */
  readonly again: number;
  /** Bytes that were read from sockets. */
  readonly bytesRead: number;
  /** Bytes that were written to sockets. */
  readonly bytesWritten: number;
  /** Descriptors that are open. */
  readonly descriptors: number;
  /** Waits for a descriptor that are under way. */
  readonly waiters: number;
  /** Timers that are to fire. */
  readonly timers: number;
  /** Waits for promises of the host that are under way. */
  readonly promises: number;
}

/**
 * What this thread has done so far, and has open now. To ask costs next to nothing, and to count no
 * more than a few additions per system call. Never parks.
 *
 * @example
 * ```ts
 * const before = stats();
 * yield* sleep(1000);
 * console.log(`${stats().bytesRead - before.bytesRead} bytes a second`);
 * ```
 */
export function stats(): Stats {
  return {
    goroutines: scheduler.count,
    spawned: scheduler.spawned,
    finished: scheduler.spawned - scheduler.count,
    switches: scheduler.switches,
    polls: netpoll.polls,
    wakeUps: scheduler.wakeUps,
    again: counters.again,
    bytesRead: counters.read,
    bytesWritten: counters.written,
    descriptors: netpoll.descriptors,
    waiters: netpoll.waiters,
    timers: scheduler.timers.size,
    promises: scheduler.promises,
  };
}
