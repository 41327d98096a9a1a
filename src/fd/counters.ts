// SPDX-License-Identifier: MIT
/** What this thread's descriptors have carried, counted where it happens; see stats.ts. */
import { registerState } from "../sched/thread_state.ts";

/** One per thread. */
export const counters = {
  /** Bytes that were read. */
  read: 0,
  /** Bytes that were written. */
  written: 0,
  /** System calls that would have had to wait. */
  again: 0,
};

/**
 * Counts the bytes of a read whose result is their number, or minus an errno; returns that result.
 */
export function countRead(n: number): number {
  if (n > 0) counters.read += n;
  return n;
}

/** As {@linkcode countRead}, of a call that wrote. */
export function countWritten(n: number): number {
  if (n > 0) counters.written += n;
  return n;
}

registerState("counters", {
  fresh: () => ({ read: 0, written: 0, again: 0 }),
  save: () => ({ ...counters }),
  restore: (state) => Object.assign(counters, state),
});
