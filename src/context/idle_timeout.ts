// SPDX-License-Identifier: MIT
/** A context that is cancelled when a task makes no progress. Go has no equivalent. */
import { wrongArgument } from "../validate/argument.ts";
import { now } from "../sched/clock.ts";
import { scheduler } from "../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../sched/timer_heap.ts";
import { onCancel } from "./abort_signal.ts";
import type { Canceller } from "./canceller.ts";
import type { Context } from "./context.ts";
import { DeadlineExceeded } from "./errors.ts";
import { type CancelFunc, withCancel } from "./with_cancel.ts";

/** The timer; progress only notes its time, and the timer looks when it fires. */
class IdleTimeout implements HeapTimer {
  slot = NO_SLOT;
  last = now();
  readonly #ms: number;
  readonly #canceller: Canceller;

  constructor(canceller: Canceller, ms: number) {
    this.#canceller = canceller;
    this.#ms = ms;
    scheduler.timers.set(this, this.last + ms);
  }

  fire(): void {
    const due = this.last + this.#ms;
    if (due > now()) scheduler.timers.set(this, due);
    else this.#canceller.cancel(DeadlineExceeded, DeadlineExceeded);
  }
}

/**
 * Returns a context that is cancelled when `progress` has not been called for `ms` milliseconds, or
 * together with `parent`. A proxy passes one context and one `progress` to the copies of both
 * directions: then a connection that only sends is not idle. Call `cancel` when the task is over.
 * Never parks.
 *
 * @param parent the context to derive from
 * @param ms milliseconds, above 0
 * @returns the context, `progress`, which costs one look at the clock, and `cancel`
 * @throws {TypeError} if `ms` is not a number above 0
 * @example
 * ```ts
 * const [idle, progress, cancel] = withIdleTimeout(background(), 60_000);
 * try {
 *   yield* scope(function* (s) {
 *     s.go(() => copy(client, server, { cancel: idle, onProgress: progress }));
 *     s.go(() => copy(server, client, { cancel: idle, onProgress: progress }));
 *   });
 * } finally {
 *   cancel();
 * }
 * ```
 */
export function withIdleTimeout(
  parent: Context,
  ms: number,
): [ctx: Context, progress: () => void, cancel: CancelFunc] {
  if (typeof ms !== "number" || !(ms > 0)) {
    throw wrongArgument("set an idle timeout", "ms", "a number above 0", ms);
  }
  const [ctx, cancel] = withCancel(parent);
  if (ms === Infinity || ctx.err !== null) return [ctx, () => {}, cancel];
  const timer = new IdleTimeout(ctx.canceller!, ms);
  onCancel(ctx, () => scheduler.timers.stop(timer));
  return [ctx, () => timer.last = now(), cancel];
}
