// SPDX-License-Identifier: MIT
/** Limits of a call: a deadline and cancellation. Go: net/dial.go, Dialer.deadline. */
import { type CanceledError, DeadlineExceededError } from "../../context/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { cancellable, contextOf, endedBy } from "../../context/cancellable.ts";
import { background, type Context } from "../../context/context.ts";
import { withTimeout } from "../../context/with_cancel.ts";
import { type Deadline, toMonotonic } from "../deadline.ts";
import { now } from "../../sched/clock.ts";

/** Limits of a call. */
export interface CallOptions {
  /** Maximum duration in milliseconds, including name lookup. */
  timeout?: number;
  /** Time at which the call fails: a Date or milliseconds since the epoch. */
  deadline?: Deadline;
  /** AbortSignal that cancels the call. Under `runSync` the host aborts no signals by itself. */
  signal?: AbortSignal;
  /** Context that cancels the call; its deadline applies like `deadline`. */
  context?: Context;
}

/**
 * Former name of {@linkcode CallOptions}.
 *
 * @deprecated Use {@linkcode CallOptions}. This name will be removed in version 0.3.
 */
export type LimitOptions = CallOptions;

/** See the top of this file. */
export class CallDeadline {
  /** Latest time, in milliseconds of `performance.now()`; Infinity for none. */
  readonly until: number;
  readonly #contexts: readonly Context[];

  constructor({ timeout, deadline, signal, context }: CallOptions) {
    this.#contexts = contextsOf(signal, context);
    let until = timeout === undefined ? Infinity : now() + timeout;
    if (deadline !== undefined) until = Math.min(until, toMonotonic(deadline));
    for (const each of this.#contexts) {
      until = Math.min(until, each.canceller?.expiry?.when ?? Infinity);
    }
    this.until = until;
  }

  /** Error of an expired or cancelled call, or null. Go: mapErr. */
  get over(): CanceledError | DeadlineExceededError | null {
    for (const each of this.#contexts) if (each.err !== null) return endedBy(each);
    return this.until === Infinity || now() < this.until ? null : new DeadlineExceededError();
  }

  /** Runs `call` unless it is cancelled; `call` must observe `until` itself. */
  heed<T>(call: Routine<T>, failure: (cause: Error) => Error): Routine<T> {
    return this.#contexts.reduce((inner, each) => cancellable(inner, each, failure), call);
  }

  /** Runs `call` unless it is cancelled or `until` passes first. */
  enforce<T>(call: Routine<T>, failure: (cause: Error) => Error): Routine<T> {
    return this.until === Infinity ? this.heed(call, failure) : this.#timed(call, failure);
  }

  *#timed<T>(call: Routine<T>, failure: (cause: Error) => Error): Routine<T> {
    const [timed, stop] = withTimeout(background(), this.until - now());
    try {
      return yield* cancellable(this.heed(call, failure), timed, failure);
    } finally {
      stop();
    }
  }
}

const NONE: readonly Context[] = [];

function contextsOf(...all: readonly (AbortSignal | Context | undefined)[]): readonly Context[] {
  const given = all.filter((each) => each !== undefined);
  return given.length === 0 ? NONE : given.map(contextOf);
}
