// SPDX-License-Identifier: MIT
/** Contexts cancelled by a call or by a deadline. Go: context/context.go. */
import { shown } from "../validate/argument.ts";
import { deadlineMs } from "../sched/deadline.ts";
import { Context, requireParent } from "./context.ts";
import { Canceller } from "./canceller.ts";
import { Canceled, DeadlineExceeded } from "./errors.ts";
import { epoch, now } from "../sched/clock.ts";

/**
 * Cancels a context; calls after the first have no effect. Never parks. Go: `context.CancelFunc`.
 */
export type CancelFunc = () => void;
/** Cancels a context with a cause. Never parks. Go: `context.CancelCauseFunc`. */
export type CancelCauseFunc = (cause?: unknown) => void;

/** Latest time that a Date can represent. */
const LAST_DATE = 8.64e15;

/**
 * Returns a context that is cancelled by `cancel()`, or together with `parent`. Call `cancel` when
 * the task is over, also after success: until then `parent` references the context. Never parks.
 * Go: `context.WithCancel`.
 *
 * @example
 * ```ts
 * const [ctx, cancel] = withCancel(background());
 * go(work, ctx);
 * cancel(); // ctx.err === Canceled
 * ```
 */
export function withCancel(parent: Context): [ctx: Context, cancel: CancelFunc] {
  const [ctx, cancel] = derive(parent, "WithCancel");
  return [ctx, () => cancel()];
}

/**
 * Like {@linkcode withCancel}; {@linkcode cause} then returns the argument of `cancel`. Go:
 * `context.WithCancelCause`.
 *
 * @example
 * ```ts
 * const [ctx, cancel] = withCancelCause(background());
 * cancel(new Error("shutting down")); // cause(ctx) is that error
 * ```
 */
export function withCancelCause(parent: Context): [ctx: Context, cancel: CancelCauseFunc] {
  return derive(parent, "WithCancel");
}

/**
 * Returns a context that is also cancelled at the time `at`, unless the deadline of `parent` is
 * earlier. Never parks. Go: `context.WithDeadline`.
 *
 * The scheduler keeps the time. Without an active run nothing happens by itself at the deadline:
 * `done` is not closed, `signal` is not aborted, and the process may exit. Reading `err` after the
 * deadline reports it, and closes and aborts them then.
 *
 * @param parent the context to derive from
 * @param at a Date, or milliseconds since the epoch
 * @param reason the result of {@linkcode cause} after the deadline; {@linkcode DeadlineExceeded} by
 * default. Go: `context.WithDeadlineCause`
 * @throws {RangeError} if `at` is not a time
 * @example
 * ```ts
 * const [ctx, cancel] = withDeadline(background(), Date.now() + 50);
 * try { yield* cancellable(mutex.lock(), ctx); } finally { cancel(); }
 * ```
 */
export function withDeadline(
  parent: Context,
  at: Date | number,
  reason?: unknown,
): [ctx: Context, cancel: CancelFunc] {
  const ms = deadlineMs(at, "a Date or a number");
  return until(parent, now() + ms - epoch(), ms, reason);
}

/**
 * Like {@linkcode withDeadline}, relative to now. Not affected by changes to the system clock. Go:
 * `context.WithTimeout`.
 *
 * @param parent the context to derive from
 * @param ms milliseconds
 * @param reason see {@linkcode withDeadline}. Go: `context.WithTimeoutCause`
 * @throws {RangeError} if `ms` is not a number
 * @example
 * ```ts
 * const [ctx, cancel] = withTimeout(background(), 50);
 * yield* ctx.done.recv(); // 50 ms later: ctx.err === DeadlineExceeded
 * cancel();
 * ```
 */
export function withTimeout(
  parent: Context,
  ms: number,
  reason?: unknown,
): [ctx: Context, cancel: CancelFunc] {
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw new RangeError(
      `Cannot set a timeout as ms must be a number: current value is ${shown(ms)}`,
    );
  }
  return until(parent, now() + ms, epoch() + ms, reason);
}

function until(
  parent: Context,
  when: number,
  epoch: number,
  reason: unknown = DeadlineExceeded,
): [ctx: Context, cancel: CancelFunc] {
  requireParent(parent);
  const parents = parent.canceller?.expiry?.when ?? Infinity;
  if (epoch > LAST_DATE || parents <= when) return withCancel(parent);
  const [ctx, cancel] = derive(parent, "WithDeadline");
  // A Date counts whole milliseconds; a time before its minimum is as early as can be.
  const date = new Date(Math.max(Math.ceil(epoch), -LAST_DATE));
  ctx.canceller!.setDeadline(when, date, reason);
  // A deadline that has passed cancels now, not at the scheduler's next turn.
  void ctx.err;
  return [ctx, () => cancel()];
}

function derive(parent: Context, name: string): [ctx: Context, cancel: CancelCauseFunc] {
  requireParent(parent);
  const canceller = new Canceller(parent.canceller);
  const ctx = new Context(parent, name, canceller);
  return [ctx, (cause) => canceller.cancel(Canceled, cause ?? Canceled)];
}
