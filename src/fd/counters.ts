// SPDX-License-Identifier: MIT
/** Traffic of this thread's descriptors, counted where it happens; see stats.ts. */
import { registerState } from "../sched/thread_state.ts";

/** One per thread. */
export const counters = {
  /** Number of bytes read. */
  read: 0,
  /** Number of bytes written. */
  written: 0,
  /** Number of system calls that would have blocked. */
  again: 0,
};

/**
 * Counts the bytes of a read whose result is their number, or minus an errno; returns that result.
 */
export function countRead(n: number): number {
  if (n > 0) counters.read += n;
  return n;
}

/** As {@linkcode countRead}, for a write. */
export function countWritten(n: number): number {
  if (n > 0) counters.written += n;
  return n;
}

registerState("counters", {
  fresh: () => ({ read: 0, written: 0, again: 0 }),
  save: () => ({ ...counters }),
  restore: (state) => Object.assign(counters, state),
});
