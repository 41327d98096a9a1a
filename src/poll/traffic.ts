// SPDX-License-Identifier: MIT
/** What this thread's descriptors have carried, counted where it happens; see stats.ts. */

/** One per thread. */
export const traffic = {
  /** Bytes that were read. */
  read: 0,
  /** Bytes that were written. */
  written: 0,
  /** System calls that would have had to wait. */
  again: 0,
};
