// SPDX-License-Identifier: MIT
/** Random bytes for queries, generated in batches: one call for each query costs more than the query. */

/** Number of bytes generated at once; longer than any request. */
const BATCH = 4096;

/** See the top of this file. No byte is used twice. */
export class RandomBytes {
  readonly #bytes = new Uint8Array(BATCH);
  #at = BATCH;

  /** Returns the next random byte. */
  next(): number {
    if (this.#at === BATCH) {
      crypto.getRandomValues(this.#bytes);
      this.#at = 0;
    }
    return this.#bytes[this.#at++];
  }
}
