// SPDX-License-Identifier: MIT
/**
 * Results of the library's hand-written generators. A generator costs more than all the
 * rest of a short operation, so the short ones are iterators of their own making; each does its
 * first attempt at its first `next`, and must be driven by `yield*` as soon as it was made.
 */
import { PARK, type Park, type Waitable } from "./park.ts";
import { scheduler } from "./thread.ts";
import { registerState } from "./thread_state.ts";

/** Result of `next`. The caller reads it at once, so one object may serve many calls. */
export type Step<R> = IteratorResult<Park, R>;

/** Result of a call that parks. */
const PARKED: Step<never> = { done: false, value: PARK };

/** Result of a call that returns nothing. */
export const DONE: Step<void> = { done: true, value: undefined };

/** Parks the goroutine in `call`, which is ended if it cannot; see `Scheduler.park`. */
export function park(
  reason: string,
  on: Waitable | null,
  call: { return(): unknown },
): Step<never> {
  scheduler.park(reason, on, call);
  return PARKED;
}

/** Moves the goroutine behind the others. */
export function letOthersRun(): Step<never> {
  scheduler.yieldNow();
  return PARKED;
}

/** So many operations cost as much budget as one system call does: they are that much shorter. */
const OPERATIONS_PER_BUDGET_UNIT = 8;
let credit = OPERATIONS_PER_BUDGET_UNIT;

registerState("budget of operations", {
  fresh: () => OPERATIONS_PER_BUDGET_UNIT,
  save: () => credit,
  restore: (state) => credit = state,
});

/** Whether the goroutine may continue; if not, `scheduler.budget` is below zero. */
export function mayGoOn(): boolean {
  if (--credit > 0) return true;
  credit = OPERATIONS_PER_BUDGET_UNIT;
  return scheduler.budget-- > 0;
}
