// SPDX-License-Identifier: MIT
/** Counts of refusals, closes and stops by this thread's limits, over all listeners. */
import { registerState } from "../sched/thread_state.ts";
import type { LimitName, Shed } from "./limit_options.ts";

/** Non-zero counts by limit. */
export type ShedCounts = { [action in Shed["action"]]: Partial<Record<LimitName, number>> };

const zero = (): ShedCounts => ({ refused: {}, closed: {}, stopped: {} });

let counts = zero();

registerState<ShedCounts>("shed counts", {
  fresh: zero,
  save: () => counts,
  restore: (state) => counts = state,
});

/** Increments the count of a limit. */
export function noteShed(action: Shed["action"], limit: LimitName, count = 1): void {
  counts[action][limit] = (counts[action][limit] ?? 0) + count;
}

/** Returns a copy of the counts. */
export function shedCounts(): ShedCounts {
  return structuredClone(counts);
}
