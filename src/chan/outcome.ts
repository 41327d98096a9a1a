// SPDX-License-Identifier: MIT
/** Results of channel operations. */
import { PanicError } from "../sched/goroutine.ts";

/** Result of a receive: a value, or the end of a closed channel. */
export type Received<T> = { value: T; ok: true } | { value: undefined; ok: false };

/** Result of a send as a `select` case. */
export type Sent = { value: undefined; ok: true };

/** Stands for "no value"; it cannot be a value of a channel. */
export const NOTHING: unique symbol = Symbol("netpoll.nothing");

/** Whether `x` is NOTHING. V8 compares values of any type slowly, but tells types apart fast. */
export function isNothing(x: unknown): x is typeof NOTHING {
  return typeof x === "symbol" && x === NOTHING;
}

/** Produces values on demand: the clock behind a timer's channel. */
export interface ChanSource<T> {
  /** Returns the value that is due now, or NOTHING. */
  take(): T | typeof NOTHING;
  /** Called when the first receiver waits: from now on the source must send by itself. */
  arm(): void;
  /** Called when no receiver waits any more. */
  disarm(): void;
}

/** Throws Go's panic. */
export function sendOnClosed(): PanicError {
  return new PanicError("send on closed channel");
}
