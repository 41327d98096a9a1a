// SPDX-License-Identifier: MIT
/** Contexts that end: by a call, by a deadline. Go: context/context.go. */
import { shown } from "../validate/argument.ts";
import { Context, requireParent } from "./context.ts";
import { Canceller } from "./canceller.ts";
import { Canceled, DeadlineExceeded } from "./errors.ts";
import { epoch, now } from "../sched/clock.ts";

/** Cancels a context, the first time it is called. Never parks. Go: `context.CancelFunc`. */
export type CancelFunc = () => void;
/** Cancels a context and says why. Never parks. Go: `context.CancelCauseFunc`. */
export type CancelCauseFunc = (cause?: unknown) => void;

/** Latest moment that a Date can tell. */
const LAST_DATE = 8.64e15;

/**
 * A context that is cancelled by `cancel()`, or together with `parent`. Whoever makes it calls
 * `cancel` when the task is over, also when it went well: until then `parent` holds on to it.
 * Go: `context.WithCancel`.
 *
 * @example
 * ```ts
 * const [ctx, cancel] = withCancel(background());
 * go(worker, ctx);
 * cancel(); // ctx.err === Canceled
 * ```
 */
export function withCancel(parent: Context): [ctx: Context, cancel: CancelFunc] {
  const [ctx, cancel] = derive(parent, "WithCancel");
  return [ctx, () => cancel()];
}

/**
 * As {@linkcode withCancel}; what `cancel` is called with is what {@linkcode cause} then gives.
 * Go: `context.WithCancelCause`.
 */
export function withCancelCause(parent: Context): [ctx: Context, cancel: CancelCauseFunc] {
  return derive(parent, "WithCancel");
}

/**
 * A context that is also cancelled when `at` has come, if that of `parent` is not earlier.
 * Go: `context.WithDeadline`.
 *
 * The scheduler keeps the time. While no run is under way nothing happens by itself at the deadline:
 * `done` is not closed, `signal` is not aborted, and the process may end. But whoever asks for `err`
 * after the deadline is told, and that makes up for it all.
 *
 * @param parent what it is derived from
 * @param at a Date or milliseconds since the epoch
 * @param reason what {@linkcode cause} gives after the deadline; {@linkcode DeadlineExceeded} if it
 * is left out. Go: `context.WithDeadlineCause`
 * @throws {RangeError} when `at` is no time
 */
export function withDeadline(
  parent: Context,
  at: Date | number,
  reason?: unknown,
): [ctx: Context, cancel: CancelFunc] {
  const wanted = at instanceof Date ? at.getTime() : at;
  if (typeof wanted !== "number" || Number.isNaN(wanted)) {
    throw new RangeError(
      `Cannot set a deadline as it must be a Date or a number: current value is ${shown(at)}`,
    );
  }
  return until(parent, now() + wanted - epoch(), wanted, reason);
}

/**
 * As {@linkcode withDeadline}, counted from now. A clock that is set meanwhile makes no difference.
 * Go: `context.WithTimeout`.
 *
 * @param parent what it is derived from
 * @param ms milliseconds
 * @param reason see {@linkcode withDeadline}. Go: `context.WithTimeoutCause`
 * @throws {RangeError} when `ms` is not a number
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
      `Cannot set a timeout as it must be a number: current value is ${shown(ms)}`,
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
  // A Date counts whole milliseconds, and one before its least is as long ago as can be.
  const date = new Date(Math.max(Math.ceil(epoch), -LAST_DATE));
  ctx.canceller!.setDeadline(when, date, reason);
  // One that has passed already is over now, not at the scheduler's next look.
  void ctx.err;
  return [ctx, () => cancel()];
}

function derive(parent: Context, name: string): [ctx: Context, cancel: CancelCauseFunc] {
  requireParent(parent);
  const canceller = new Canceller(parent.canceller);
  const ctx = new Context(parent, name, canceller);
  return [ctx, (cause) => canceller.cancel(Canceled, cause ?? Canceled)];
}
