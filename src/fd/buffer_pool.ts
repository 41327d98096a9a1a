// SPDX-License-Identifier: MIT
/**
 * The read buffer that the connections of a thread share.
 *
 * It is lent to one reader at a time, from the moment when bytes have come until the reader asks for
 * more; whoever reads meanwhile is lent another. Mostly each is done with its bytes before the
 * next one reads, so that it is always the same buffer, which stays in the processor's cache, and an
 * idle connection has none.
 */
import { registerState } from "../sched/thread_state.ts";

/** Bytes of a buffer: as much as a read mostly gives on a fast link. */
const SIZE = 64 * 1024;
/** Buffers kept for later; more than that were lent at once only in a rush. */
const MOST_KEPT = 16;

/** A buffer that is lent. */
export class SharedReadBuffer {
  /** All of it. */
  readonly bytes = new Uint8Array(new ArrayBuffer(SIZE));
  #part = this.bytes;

  /** Its first `length` bytes. Messages are often alike in length: the last view is kept. */
  first(length: number): Uint8Array {
    if (this.#part.length !== length) this.#part = this.bytes.subarray(0, length);
    return this.#part;
  }
}

/** The one that was given back last, while it is not lent again. */
let last: SharedReadBuffer | null = null;
/** Those that were given back before it. */
let others: SharedReadBuffer[] = [];

registerState<{ last: SharedReadBuffer | null; others: SharedReadBuffer[] }>("read buffers", {
  fresh: () => ({ last: null, others: [] }),
  save: () => ({ last, others }),
  restore: (state) => ({ last, others } = state),
});

/** The buffer that {@linkcode lend} will lend: for a call of the kernel that may need none. */
export function nextReadBuffer(): SharedReadBuffer {
  // A caller that transferred a chunk's memory has left nothing of the buffer.
  while (last === null || last.bytes.length === 0) last = others.pop() ?? new SharedReadBuffer();
  return last;
}

/** A buffer; the one that was given back last. */
export function lend(): SharedReadBuffer {
  const buffer = nextReadBuffer();
  last = null;
  return buffer;
}

/** Takes a buffer back; it may be another's at once. */
export function giveBack(buffer: SharedReadBuffer): void {
  if (last === null) last = buffer;
  else if (others.length < MOST_KEPT) others.push(buffer);
}
