// SPDX-License-Identifier: MIT
/** Cancels any call that parks, by a context or by an AbortSignal. */
import { needMethods, shown } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { hasProgress, progressOf, withProgress } from "../sched/progress.ts";
import { scheduler } from "../sched/thread.ts";
import { cause, Context } from "./context.ts";
import { CanceledError, DeadlineExceeded, DeadlineExceededError } from "./errors.ts";
import { fromSignal, onCancel } from "./abort_signal.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { callDriven, noted } from "../sched/calls.ts";

/** Cancels a waiting call: a context or an AbortSignal. */
export type Cancel = Context | AbortSignal;

/** Returns the context that stands for `cancel`. Throws a TypeError if it is neither of the two. */
export function contextOf(cancel: Cancel): Context {
  if (cancel instanceof Context) return cancel;
  if (cancel instanceof AbortSignal) return fromSignal(cancel);
  throw new TypeError(
    "Cannot cancel a call as cancel must be a Context or an AbortSignal: current value is " +
      describe(cancel),
  );
}

/** Describes a value that is no {@linkcode Cancel}, with the cure for the frequent mistakes. */
function describe(value: unknown): string {
  if (value instanceof AbortController) return "an AbortController; pass its signal";
  if (typeof value !== "object" || value === null) return shown(value);
  const { context, timeout, signal } = value as Readonly<Record<string, unknown>>;
  if (context instanceof Context) return "an object with a context; pass its context";
  if (signal instanceof AbortSignal) return "an object with a signal; pass its signal";
  if (timeout === undefined) return shown(value);
  return "an object with a timeout; pass a context of withTimeout, or set a deadline";
}

/**
 * Returns the error of a call that `ctx` has ended. Its `cause` is that of the context. Go:
 * net.mapErr.
 */
export function endedBy(ctx: Context): CanceledError | DeadlineExceededError {
  const options = { cause: cause(ctx) };
  return ctx.err === DeadlineExceeded
    ? new DeadlineExceededError(undefined, options)
    : new CanceledError(undefined, options);
}

/**
 * Runs `call`, unless `cancel` comes first. Then the call is ended like a goroutine whose run ends:
 * it leaves its queue, and its `finally` blocks run. A single operation that throws has had no
 * effect, or its error reports how much: `bytesWritten` of writes and copies, `bytesRead` of
 * `readFull`. What cannot be undone is reported first: a
 * send whose value a receiver has taken returns, although it was canceled. Parks if `call` does. Go
 * has this for some calls only, such as `Acquire` of `golang.org/x/sync/semaphore`.
 *
 * @param call the call to run, not yet started: `mutex.lock()`, `ch.recv()`, `g.join()`
 * @param cancel a context or an AbortSignal
 * @param failure converts the error to the one that is thrown
 * @returns the result of `call`
 * @throws {CanceledError} whose `cause` is the context's cause, or the signal's reason;
 * {@linkcode DeadlineExceededError} after the context's deadline, or the signal's timeout
 * @throws {TypeError} if `cancel` is neither, or `call` is not a call
 * @example
 * ```ts
 * yield* cancellable(mutex.lock(), ctx);
 * ```
 */
export function cancellable<T>(
  call: Routine<T>,
  cancel: Cancel,
  failure: (error: CanceledError | DeadlineExceededError) => Error = (error) => error,
): Routine<T> {
  // In debug this call is noted; otherwise the one that it is to drive.
  if (scheduler.debugRuns > 0 && scheduler.made === call) scheduler.made = null;
  const routine = cancelling(call, cancel, failure);
  return noted(
    "cancellable",
    hasProgress(call) ? withProgress(routine, () => progressOf(call)!) : routine,
  );
}

function* cancelling<T>(
  call: Routine<T>,
  cancel: Cancel,
  failure: (error: CanceledError | DeadlineExceededError) => Error,
): Routine<T> {
  needMethods("cancel a call", "call", "a Routine", call, "next", "return");
  // Also of a call that is ended before it was ever driven.
  callDriven(call);
  const ctx = contextOf(cancel);
  const g = scheduler.current!;
  const forget = ctx.err === null ? onCancel(ctx, () => scheduler.ready(g)) : null;
  try {
    while (ctx.err === null) {
      const step = call.next();
      if (step.done) return step.value;
      yield step.value;
      // An effect that cannot be undone has happened, whenever the context ended: it is reported
      // first.
      if (ctx.err === null || g.waitOn?.settled?.(g) !== true) continue;
      const last = call.next();
      if (last.done) return last.value;
      scheduler.unpark();
    }
  } finally {
    forget?.();
    yield* ended(call);
  }
  throw Object.assign(failure(endedBy(ctx)), progressOf(call));
}

/** Ends `call`, also if that takes a while; has no effect on one that is over. */
function* ended(call: Routine<unknown>): Routine<void> {
  for (let step = call.return(undefined); !step.done; step = call.next()) yield step.value;
}

refuseAwait(cancelling.prototype, "cancellable");
