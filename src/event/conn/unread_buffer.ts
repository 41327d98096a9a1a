// SPDX-License-Identifier: MIT
/**
 * Bytes that a handler left unread, kept for its next call. A connection without any has no buffer.
 *
 * Few bytes are copied to the front of the loop's shared buffer, and new bytes are read after them.
 * Many would be copied again and again: they stay in a buffer of their own, which doubles.
 */

/** Number of bytes above which they stay in their own buffer. */
const MANY = 16 * 1024;
/** Minimum room for a read. */
const LEAST_ROOM = 16 * 1024;

/** See the top of this file. */
export class UnreadBuffer {
  #bytes: Uint8Array;
  #start: number;
  #end: number;

  /** Keeps a copy. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
    this.#start = 0;
    this.#end = bytes.length;
  }

  /** Number of unread bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Whether the bytes stay in their own buffer. */
  get many(): boolean {
    return this.length > MANY;
  }

  /** Returns all unread bytes. */
  view(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Returns the room after them, to read into. */
  room(): Uint8Array {
    if (this.#bytes.length - this.#end < LEAST_ROOM) this.#makeRoom();
    return this.#bytes.subarray(this.#end);
  }

  /** Records that `n` bytes were read into the room. */
  came(n: number): void {
    this.#end += n;
  }

  /** Consumes the first `n` bytes. */
  discard(n: number): void {
    this.#start += n;
  }

  #makeRoom(): void {
    const { length } = this;
    const bytes = new Uint8Array(new ArrayBuffer(2 * length + LEAST_ROOM));
    bytes.set(this.view());
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = length;
  }
}
