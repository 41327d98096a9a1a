// SPDX-License-Identifier: MIT
/**
 * Counts the records of an incoming ciphertext stream. RFC 8446, section 5.1.
 *
 * With it, a connection knows that all its input is decrypted without an OpenSSL call that would
 * find nothing. Counting too many is harmless, too few is not: data would stay encrypted.
 */

/** Length of a record header; its last two bytes are the content's length. */
const HEADER = 5;

/** See the top of this file. */
export class RecordCount {
  /** Number of complete records. */
  complete = 0;
  /** Number of missing bytes of the current record's content. */
  #content = 0;
  /** Number of received bytes of the current record's header. */
  #header = 0;
  /** First byte of the length, until the second one arrives. */
  #high = 0;

  /** Whether the input ends at a record boundary. */
  get aligned(): boolean {
    return this.#content === 0 && this.#header === 0;
  }

  /** Counts the first `length` bytes of `bytes`. */
  count(bytes: Uint8Array, length: number): void {
    for (let at = 0; at < length;) {
      if (this.#content > 0) {
        const step = Math.min(this.#content, length - at);
        this.#content -= step;
        at += step;
      } else if (this.#header === 0 && length - at >= HEADER) {
        this.#content = bytes[at + 3] << 8 | bytes[at + 4];
        at += HEADER;
      } else if (!this.#headerByte(bytes[at++])) continue;
      if (this.#content === 0) this.complete++;
    }
  }

  /** Processes one byte of a split header. Returns whether it was the last one. */
  #headerByte(byte: number): boolean {
    this.#header++;
    if (this.#header === HEADER - 1) this.#high = byte;
    if (this.#header < HEADER) return false;
    this.#header = 0;
    this.#content = this.#high << 8 | byte;
    return true;
  }
}
