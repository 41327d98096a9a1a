// SPDX-License-Identifier: MIT
/** Bytes that are to be written, one behind the other, in memory that grows. */

/** Up to here a loop is faster than a call of the runtime. */
const SHORT = 64;

const encoder = new TextEncoder();

/** See the top of this file. */
export class Output {
  #bytes: Uint8Array;
  #length = 0;
  /** The part that was last asked for: messages are often alike in length. */
  #part: Uint8Array;

  /** `capacity`: how many bytes fit before its memory grows. */
  constructor(capacity: number = 16 * 1024) {
    this.#bytes = this.#part = new Uint8Array(capacity);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** All of them; good until something is added. */
  get bytes(): Uint8Array {
    if (this.#part.length !== this.#length) this.#part = this.#bytes.subarray(0, this.#length);
    return this.#part;
  }

  /** Forgets all that is behind the first `length` bytes. */
  clear(length: number = 0): void {
    this.#length = length;
  }

  /** Adds a copy of the bytes, or of those from index `from` up to `end`. */
  add(bytes: Uint8Array, from: number = 0, end: number = bytes.length): void {
    const length = end - from;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    const to = this.#bytes;
    const at = this.#length;
    if (length > SHORT) to.set(length < bytes.length ? bytes.subarray(from, end) : bytes, at);
    // A loop that began at `from`, a parameter with a default, would take Bun ten times as long.
    else for (let i = 0; i < length; i++) to[at + i] = bytes[from + i];
    this.#length = at + length;
  }

  /** Adds a text, in UTF-8. */
  text(text: string): void {
    const { length } = text;
    if (this.#length + 3 * length > this.#bytes.length) this.#grow(3 * length);
    if (length <= SHORT && this.#ascii(text)) return;
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Adds a whole number of 0 or more, in decimal digits. */
  decimal(n: number): void {
    if (n > 9) this.decimal(Math.floor(n / 10));
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = 0x30 + n % 10;
  }

  /** Adds a text, one byte a character. */
  latin1(text: string): void {
    if (this.#length + text.length > this.#bytes.length) this.#grow(text.length);
    const to = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) to[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** Adds it if each of its characters is one byte. */
  #ascii(text: string): boolean {
    const to = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      to[at++] = code;
    }
    this.#length = at;
    return true;
  }

  #grow(more: number): void {
    const grown = new Uint8Array(2 * this.#bytes.length + more);
    grown.set(this.bytes);
    this.#bytes = this.#part = grown;
  }
}
