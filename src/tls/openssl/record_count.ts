// SPDX-License-Identifier: MIT
/**
 * Counts the records of a stream of ciphertext as it comes. RFC 8446, section 5.1.
 *
 * With it a connection knows, without a call of OpenSSL that would find nothing, that all that came
 * has been decrypted. Counting too many is harmless, too few is not: every record has its place
 * here.
 */

/** Bytes of a record before its content; the last two are the content's length. */
const HEADER = 5;

/** See the top of this file. */
export class RecordCount {
  /** Records that have come completely. */
  complete = 0;
  /** Bytes of the present record's content that are still to come. */
  #content = 0;
  /** Bytes of the present record's header that have come. */
  #header = 0;
  /** The first byte of the length, while its second is still to come. */
  #high = 0;

  /** Whether what came ends where a record ends. */
  get aligned(): boolean {
    return this.#content === 0 && this.#header === 0;
  }

  /** The first `length` bytes of `bytes` have come. */
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

  /** One byte of a header that came in pieces. Returns whether it was the last one. */
  #headerByte(byte: number): boolean {
    this.#header++;
    if (this.#header === HEADER - 1) this.#high = byte;
    if (this.#header < HEADER) return false;
    this.#header = 0;
    this.#content = this.#high << 8 | byte;
    return true;
  }
}
