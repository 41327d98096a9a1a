// SPDX-License-Identifier: MIT
/** Counters of the calling thread. Go: runtime/metrics. */
import { netpoll } from "../netpoll/netpoll.ts";
import { scheduler } from "../sched/thread.ts";
import { counters } from "../fd/counters.ts";

/** Counters of a thread, see {@linkcode stats}. Event counters start at zero with the thread. */
export interface Stats {
  /** Goroutines that have not ended. */
  readonly goroutines: number;
  /** Goroutines started. */
  readonly spawned: number;
  /** Goroutines ended. */
  readonly finished: number;
  /** Goroutine switches: the number of times a goroutine started or resumed. */
  readonly switches: number;
  /** System calls that polled for events. */
  readonly polls: number;
  /** Goroutines woken by those calls. */
  readonly wakeUps: number;
  /** System calls on descriptors that would have blocked (EAGAIN, EWOULDBLOCK). */
  readonly again: number;
  /** Bytes read from sockets. */
  readonly bytesRead: number;
  /** Bytes written to sockets. */
  readonly bytesWritten: number;
  /** Open descriptors. */
  readonly descriptors: number;
  /** Pending waits for descriptors. */
  readonly waiters: number;
  /** Pending timers. */
  readonly timers: number;
  /** Pending waits for promises of the host. */
  readonly promises: number;
}

/**
 * Returns the counters of this thread. Reading them is almost free, and counting costs no more than
 * a few additions per system call. Never parks. Go: `runtime/metrics`.
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
