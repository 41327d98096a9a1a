// SPDX-License-Identifier: MIT
/** Bytes of one connection, counted from the first request for its counters on. */

/** Counts of one connection. */
export class ByteCounts {
  /** Number of bytes read from the connection. */
  bytesRead = 0;
  /** Number of bytes that the connection has accepted. */
  bytesWritten = 0;
}

/** Holder of the counts of a connection. */
export interface Counted {
  /** Null until the first request: a connection without one has nothing to count. */
  counts: ByteCounts | null;
}

/** The property by which a connection shows the holder of its counts. */
export const COUNTED: unique symbol = Symbol("netpoll.counted");

/** Counts the result of a read, which is a number of bytes, or null or less than 0 for none. */
export function addRead({ counts }: Counted, n: number | null): void {
  if (counts !== null && n !== null && n > 0) counts.bytesRead += n;
}

/** As {@linkcode addRead}, for a write. */
export function addWritten({ counts }: Counted, n: number): void {
  if (counts !== null && n > 0) counts.bytesWritten += n;
}
