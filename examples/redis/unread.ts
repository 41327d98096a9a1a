// SPDX-License-Identifier: MIT
/** What has come of a command that is not whole yet: the session bounds it. */

const NOTHING = new Uint8Array(0);

/** See the top of this file. */
export class Unread {
  #bytes: Uint8Array = NOTHING;
  #length = 0;

  /** All that is unread once `chunk` has come: the chunk itself if there was nothing before. */
  with(chunk: Uint8Array): Uint8Array {
    if (this.#length === 0) return chunk;
    this.#append(chunk);
    return this.#bytes.subarray(0, this.#length);
  }

  /** Keeps `rest`, the end of what `with` gave last. */
  keep(rest: Uint8Array): void {
    const ours = this.#length > 0;
    this.#length = 0;
    if (rest.length === 0) this.#bytes = NOTHING;
    else if (!ours) this.#append(rest);
    else {
      this.#bytes.copyWithin(0, rest.byteOffset, rest.byteOffset + rest.length);
      this.#length = rest.length;
    }
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(2 * length);
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }
}
