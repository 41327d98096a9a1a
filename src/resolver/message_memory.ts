// SPDX-License-Identifier: MIT
/**
 * Memory of short messages, allocated for many at once: on Deno a buffer of its own takes longer
 * than to receive the message.
 */

/** Bytes allocated at once. A cached message holds all of them, so they are few. */
const CHUNK = 8192;

/** See the top of this file. */
export class MessageMemory {
  #chunk = new Uint8Array(0);
  #used = 0;

  /** Returns `length` bytes, at most {@linkcode CHUNK}, which no one else uses. */
  alloc(length: number): Uint8Array {
    if (this.#used + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(CHUNK);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += length;
    return this.#chunk.subarray(from, this.#used);
  }
}
