// SPDX-License-Identifier: MIT
/** How long a call may go on: until a moment, and until somebody cancels it. Go: net/dial.go, Dialer.deadline. */
import { type DeadlineExceededError, ERR_DEADLINE } from "../../fd/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { CanceledError, cancellable, contextOf } from "../../context/cancellable.ts";
import { background, type Context } from "../../context/context.ts";
import { withTimeout } from "../../context/with_cancel.ts";
import { type Deadline, toMonotonic } from "../deadline.ts";
import { now } from "../../sched/clock.ts";

/** What may end a call before it is done. */
export interface CallOptions {
  /** Milliseconds that it may take in all, the look-up of a name included. */
  timeout?: number;
  /** When it fails: a Date or milliseconds since the epoch. */
  deadline?: Deadline;
  /** A signal of the host that ends it. Under `runSync` nothing of the host is aborted by itself. */
  signal?: AbortSignal;
  /** A context that ends it; its deadline is heeded as `deadline` is. */
  context?: Context;
}

/**
 * The former name of {@linkcode CallOptions}.
 *
 * @deprecated Use {@linkcode CallOptions}; this name goes with version 0.3.
 */
export type LimitOptions = CallOptions;

/** See the top of this file. */
export class CallDeadline {
  /** The latest moment, in milliseconds of `performance.now()`; Infinity for none. */
  readonly until: number;
  readonly #contexts: readonly Context[];

  constructor({ timeout, deadline, signal, context }: CallOptions) {
    this.#contexts = [signal, context].filter((each) => each !== undefined).map(contextOf);
    this.until = Math.min(
      timeout === undefined ? Infinity : now() + timeout,
      toMonotonic(deadline ?? null),
      ...this.#contexts.map((each) => each.canceller?.expiry?.when ?? Infinity),
    );
  }

  /** The error of a call that may not go on, or null if it may. Go: mapErr. */
  get over(): CanceledError | DeadlineExceededError | null {
    const ended = this.#contexts.find((each) => each.err !== null);
    if (ended !== undefined) return new CanceledError(ended);
    return now() < this.until ? null : ERR_DEADLINE;
  }

  /** Does what `call` does, unless it is cancelled; it must heed `until` by itself. */
  heed<T>(call: Routine<T>, failure: (cause: Error) => Error): Routine<T> {
    return this.#contexts.reduce((inner, each) => cancellable(inner, each, failure), call);
  }

  /** Does what `call` does, unless it is cancelled or `until` comes first. */
  *enforce<T>(call: Routine<T>, failure: (cause: Error) => Error): Routine<T> {
    if (this.until === Infinity) return yield* this.heed(call, failure);
    const [timed, stop] = withTimeout(background(), this.until - now());
    try {
      return yield* cancellable(this.heed(call, failure), timed, () => failure(ERR_DEADLINE));
    } finally {
      stop();
    }
  }
}
