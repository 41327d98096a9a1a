// SPDX-License-Identifier: MIT
/** Ending a call from outside: any call that parks, by a context or by a signal of the host. */
import { needMethods, shown } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { cause, Context } from "./context.ts";
import { DeadlineExceeded } from "./errors.ts";
import { fromSignal, onCancel } from "./abort_signal.ts";

/** What can end a call that waits. */
export type Cancel = Context | AbortSignal;

/** A call was ended by its context or its signal. Go: net.errCanceled, with its text. */
export class CanceledError extends Error {
  /** "CanceledError". */
  override readonly name = "CanceledError";
  /** As Node names it: "ABORT_ERR", or "ETIMEDOUT" if it was the context's deadline. */
  readonly code: "ABORT_ERR" | "ETIMEDOUT";
  /** Whether it was the context's deadline, or the signal's time-out. */
  readonly timeout: boolean;
  /** As Go has it: whether it was a time-out. */
  readonly temporary: boolean;

  /** @internal */
  constructor(ctx: Context) {
    const timeout = ctx.err === DeadlineExceeded;
    super(timeout ? "i/o timeout" : "operation was canceled", { cause: cause(ctx) });
    this.code = timeout ? "ETIMEDOUT" : "ABORT_ERR";
    this.timeout = this.temporary = timeout;
  }
}

/** The context that stands for `cancel`. Throws a TypeError if it is neither of the two. */
export function contextOf(cancel: Cancel): Context {
  if (cancel instanceof Context) return cancel;
  if (cancel instanceof AbortSignal) return fromSignal(cancel);
  throw new TypeError(
    `Cannot cancel a call as it takes a Context or an AbortSignal: current value is ${
      shown(cancel)
    }`,
  );
}

/**
 * Does what `call` does, unless `cancel` comes first. Then the call is ended as a goroutine is that
 * its run ends: it has had no effect, its place in a queue is given up, its `finally` blocks run.
 * Parks if `call` does. Go has it for some calls only, as `golang.org/x/sync/semaphore` Acquire.
 *
 * @param call what is to be done, not yet begun: `mutex.lock()`, `ch.recv()`, `g.join()`
 * @param cancel a context, or a signal of the host
 * @param failure makes the error that is thrown of the {@linkcode CanceledError}
 * @returns what `call` gives
 * @throws {CanceledError} whose `cause` is the context's cause, or the signal's reason
 * @throws {TypeError} when `cancel` is neither, or `call` is no call
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
  needMethods("cancel a call", "it", "a Routine", call, "next", "return");
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
