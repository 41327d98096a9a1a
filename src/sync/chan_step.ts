// SPDX-License-Identifier: MIT
/**
 * What the hand-written generators of this folder give to `yield*`. See chan_ops.ts for why they
 * are written by hand.
 */
import { PARK, type Park } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";

/** What `next` gives. It is read at once by whoever called it, so one object may serve many calls. */
export type Step<R> = IteratorResult<Park, R>;

/** What a parked goroutine yields. */
const PARKED: Step<never> = { done: false, value: PARK };

/** Parks the goroutine; see `Scheduler.park`. */
export function park(reason: string): Step<never> {
  scheduler.park(reason);
  return PARKED;
}

/** Puts the goroutine behind the others. */
export function letOthersRun(): Step<never> {
  scheduler.yieldNow();
  return PARKED;
}

/** So many operations cost as much fuel as one system call does: they are that much shorter. */
const OPERATIONS_PER_FUEL = 8;
let credit = OPERATIONS_PER_FUEL;

/** Whether the goroutine may go on; if not, `scheduler.fuel` is below zero. */
export function mayGoOn(): boolean {
  if (--credit > 0) return true;
  credit = OPERATIONS_PER_FUEL;
  return scheduler.fuel-- > 0;
}
