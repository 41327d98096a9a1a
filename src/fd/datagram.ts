// SPDX-License-Identifier: MIT
/**
 * Calls on datagram sockets: each is one system call, made under the read or write lock and retried
 * after a wait. `attempt` is the descriptor's own, made once, so that a call allocates
 * nothing but its generator. Go: internal/poll/fd_unix.go, ReadFrom, WriteTo and their cousins.
 */
import { POLL_OK } from "../netpoll/poll_state.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import { counters } from "./counters.ts";
import type { FD } from "./fd.ts";
import { READ_LOCK, WRITE_LOCK } from "./fd_mutex.ts";
import { now } from "../sched/clock.ts";

/** One system call: zero or more, or minus an errno. */
export type Attempt<A, B> = (a: A, b: B) => number;

/** Receives; returns the result of `attempt`. Parks until a datagram has arrived. */
export function* receiving<A, B>(
  fd: FD,
  syscall: string,
  attempt: Attempt<A, B>,
  a: A,
  b: B,
): Routine<number> {
  if (!fd.tryLock(READ_LOCK) && !(yield* fd.lock(READ_LOCK))) throw fd.closedError("read");
  const pd = fd.pd!;
  try {
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    for (;;) {
      if (pd.readState !== POLL_OK) throw fd.stateError("read", pd.readState);
      while (pd.rready || fd.buffered) {
        const result = attempt(a, b);
        if (result >= 0) return result;
        if (result === fd.again) {
          pd.rready = false;
          counters.again++;
        } else if (result !== fd.interrupted) throw fd.failedCall("read", -result, syscall);
      }
      yield pd.parkReader();
      pd.unparkReader();
    }
  } finally {
    pd.unparkReader();
    fd.unlock(READ_LOCK);
  }
}

/** Waits between retries of a send whose room the poller may not report, in milliseconds. */
const FIRST_TRY_MS = 1;
const LONGEST_TRY_MS = 32;

/**
 * Sends; returns the result of `attempt`. Parks while there is no room. With `deaf` the poller's
 * events are not heeded, but tries are made from time to time: see the caller for why.
 */
export function* sending<A, B>(
  fd: FD,
  syscall: string,
  attempt: Attempt<A, B>,
  a: A,
  b: B,
  deaf = false,
): Routine<number> {
  if (!fd.tryLock(WRITE_LOCK) && !(yield* fd.lock(WRITE_LOCK))) {
    throw fd.closedError("write");
  }
  const pd = fd.pd!;
  let retry: Retry | null = null;
  try {
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    for (;;) {
      if (pd.writeState !== POLL_OK) throw fd.stateError("write", pd.writeState);
      while (deaf ? retry === null || retry.due : pd.wready) {
        const result = attempt(a, b);
        if (result >= 0) return result;
        if (result === fd.again) {
          pd.wready = false;
          counters.again++;
          if (deaf) (retry ??= new Retry(fd)).later();
        } else if (result !== fd.interrupted) throw fd.failedCall("write", -result, syscall);
      }
      yield pd.parkWriter();
      pd.unparkWriter();
    }
  } finally {
    retry?.stop();
    pd.unparkWriter();
    fd.unlock(WRITE_LOCK);
  }
}

/** Time of the next retry, after longer and longer waits. */
class Retry {
  /** Whether it is time. */
  due = true;
  readonly #timer: CallTimer;
  #wait = FIRST_TRY_MS;

  constructor(fd: FD) {
    this.#timer = new CallTimer(() => {
      this.due = true;
      const g = fd.pd!.unparkWriter();
      if (g !== null) scheduler.ready(g);
    });
  }

  /** Schedules the next retry. */
  later(): void {
    this.due = false;
    scheduler.timers.set(this.#timer, now() + this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_TRY_MS);
  }

  /** Cancels the retries. */
  stop(): void {
    scheduler.timers.stop(this.#timer);
  }
}
