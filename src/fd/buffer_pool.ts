// SPDX-License-Identifier: MIT
/**
 * The read buffer that the connections of a thread share.
 *
 * It is lent to one reader at a time, from the arrival of bytes until that reader asks for more;
 * another reader meanwhile gets another buffer. Usually each is done with its bytes before the next
 * one reads, so it is always the same buffer, which stays in the processor's cache, and an idle
 * connection holds none.
 */
import { registerState } from "../sched/thread_state.ts";

/** Size of a buffer in bytes: what a read typically returns on a fast link. */
const SIZE = 64 * 1024;
/** Number of buffers kept for reuse; only a burst lends more at once. */
const MOST_KEPT = 16;

/** A buffer on loan. */
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

/** The buffer returned last; null while it is on loan. */
let last: SharedReadBuffer | null = null;
/** The buffers returned before it. */
let others: SharedReadBuffer[] = [];

registerState<{ last: SharedReadBuffer | null; others: SharedReadBuffer[] }>("read buffers", {
  fresh: () => ({ last: null, others: [] }),
  save: () => ({ last, others }),
  restore: (state) => ({ last, others } = state),
});

/** Returns the buffer that {@linkcode lend} would lend, for a system call that may not need it. */
export function nextReadBuffer(): SharedReadBuffer {
  // A caller that transferred a chunk's memory has left nothing of the buffer.
  while (last === null || last.bytes.length === 0) last = others.pop() ?? new SharedReadBuffer();
  return last;
}

/** Lends a buffer, the one returned last. */
export function lend(): SharedReadBuffer {
  const buffer = nextReadBuffer();
  last = null;
  return buffer;
}

/** Takes a buffer back, which may be lent again at once. */
export function giveBack(buffer: SharedReadBuffer): void {
  if (last === null) last = buffer;
  else if (others.length < MOST_KEPT) others.push(buffer);
}
