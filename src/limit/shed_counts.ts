// SPDX-License-Identifier: MIT
/**
 * Counts what the limits of this thread have refused, closed or stopped, all listeners together.
 */
import { registerState } from "../sched/thread_state.ts";
import type { LimitName, Shed } from "./limit_options.ts";

/** Counts by limit, without those that are zero. */
export type ShedCounts = { [action in Shed["action"]]: Partial<Record<LimitName, number>> };

const zero = (): ShedCounts => ({ refused: {}, closed: {}, stopped: {} });

let counts = zero();

registerState<ShedCounts>("shed counts", {
  fresh: zero,
  save: () => counts,
  restore: (state) => counts = state,
});

/** Adds to the count of a limit. */
export function noteShed(action: Shed["action"], limit: LimitName, count = 1): void {
  counts[action][limit] = (counts[action][limit] ?? 0) + count;
}

/** Returns a copy of the counts. */
export function shedCounts(): ShedCounts {
  return structuredClone(counts);
}
