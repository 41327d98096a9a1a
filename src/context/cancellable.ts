// SPDX-License-Identifier: MIT
/** Cancels any call that parks, by a context or by an AbortSignal. */
import { needMethods, shown } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { cause, Context } from "./context.ts";
import { DeadlineExceeded } from "./errors.ts";
import { fromSignal, onCancel } from "./abort_signal.ts";
import { refuseAwait } from "../sched/misuse.ts";

/** Cancels a waiting call: a context or an AbortSignal. */
export type Cancel = Context | AbortSignal;

/** Thrown when a context or a signal cancels a call. Its text is that of Go's net.errCanceled. */
export class CanceledError extends Error {
  /** "CanceledError". */
  override readonly name = "CanceledError";
  /** Error code, as in Node: "ABORT_ERR", or "ETIMEDOUT" if the context's deadline was exceeded. */
  readonly code: "ABORT_ERR" | "ETIMEDOUT";
  /** True if the context's deadline was exceeded, or the signal timed out. */
  readonly timeout: boolean;
  /** True for a timeout, as in Go. */
  readonly temporary: boolean;

  /** @internal */
  constructor(ctx: Context) {
    const timeout = ctx.err === DeadlineExceeded;
    super(timeout ? "i/o timeout" : "operation was canceled", { cause: cause(ctx) });
    this.code = timeout ? "ETIMEDOUT" : "ABORT_ERR";
    this.timeout = this.temporary = timeout;
  }
}

/** Returns the context that stands for `cancel`. Throws a TypeError if it is neither of the two. */
export function contextOf(cancel: Cancel): Context {
  if (cancel instanceof Context) return cancel;
  if (cancel instanceof AbortSignal) return fromSignal(cancel);
  throw new TypeError(
    `Cannot cancel a call as cancel must be a Context or an AbortSignal: current value is ${
      shown(cancel)
    }`,
  );
}

/**
 * Runs `call`, unless `cancel` comes first. Then the call is ended like a goroutine whose run ends:
 * it has had no effect, it leaves its queue, and its `finally` blocks run. Parks if `call` does. Go
 * has this for some calls only, such as `Acquire` of `golang.org/x/sync/semaphore`.
 *
 * @param call the call to run, not yet started: `mutex.lock()`, `ch.recv()`, `g.join()`
 * @param cancel a context or an AbortSignal
 * @param failure converts the {@linkcode CanceledError} to the error that is thrown
 * @returns the result of `call`
 * @throws {CanceledError} whose `cause` is the context's cause, or the signal's reason
 * @throws {TypeError} if `cancel` is neither, or `call` is not a call
 * @example
 * ```ts
 * yield* cancellable(mutex.lock(), ctx);
 * ```
 */
export function* cancellable<T>(
  call: Routine<T>,
  cancel: Cancel,
  failure: (error: CanceledError) => Error = (error) => error,
): Routine<T> {
  needMethods("cancel a call", "call", "a Routine", call, "next", "return");
  const ctx = contextOf(cancel);
  const g = scheduler.current!;
  const forget = ctx.err === null ? onCancel(ctx, () => scheduler.ready(g)) : null;
  try {
    while (ctx.err === null) {
      const step = call.next();
      if (step.done) return step.value;
      yield step.value;
    }
  } finally {
    forget?.();
    yield* ended(call);
  }
  throw failure(new CanceledError(ctx));
}

/** Ends `call`, also where that takes a while; one that is over stays as it is. */
function* ended(call: Routine<unknown>): Routine<void> {
  for (let step = call.return(undefined); !step.done; step = call.next()) yield step.value;
}

refuseAwait(cancellable.prototype, "cancellable");
