// SPDX-License-Identifier: MIT
/** Encodings of a frame's length. Go: encoding/binary. */

/** How the length of a frame is encoded. */
export type LengthPrefix = "u8" | "u16" | "u32" | "varint";

/** An encoding of lengths. */
export interface LengthFormat {
  /** Maximum length. */
  readonly most: number;
  /** Returns the size of the prefix at `from`; 0 if it is incomplete. */
  size(bytes: Uint8Array, from: number, to: number): number;
  /** Decodes the prefix of `size` bytes at `from`. */
  decode(bytes: Uint8Array, from: number, size: number): number;
  /** Encodes a length as a prefix. */
  encode(length: number): Uint8Array;
}

/** Maximum size of a 32-bit varint in bytes. */
const MOST_VARINT = 5;
const MOST_U32 = 0xffff_ffff;

/** An integer of `width` bytes. */
class FixedLength implements LengthFormat {
  readonly most: number;
  readonly #width: number;
  readonly #littleEndian: boolean;

  constructor(width: number, littleEndian: boolean) {
    this.most = 2 ** (8 * width) - 1;
    this.#width = width;
    this.#littleEndian = littleEndian;
  }

  size(_bytes: Uint8Array, from: number, to: number): number {
    return to - from < this.#width ? 0 : this.#width;
  }

  decode(bytes: Uint8Array, from: number, size: number): number {
    let length = 0;
    for (let i = 0; i < size; i++) {
      length = length * 256 + bytes[this.#littleEndian ? from + size - 1 - i : from + i];
    }
    return length;
  }

  encode(length: number): Uint8Array {
    const prefix = new Uint8Array(this.#width);
    for (let i = 0; i < prefix.length; i++, length = Math.floor(length / 256)) {
      prefix[this.#littleEndian ? i : prefix.length - 1 - i] = length % 256;
    }
    return prefix;
  }
}

/**
 * Seven bits in each byte, the least significant first. One that does not end within five bytes, or
 * exceeds 32 bits, is treated as longer than any frame.
 */
class VarintLength implements LengthFormat {
  readonly most = MOST_U32;

  size(bytes: Uint8Array, from: number, to: number): number {
    for (let i = 0; i < MOST_VARINT; i++) {
      if (from + i === to) return 0;
      if (bytes[from + i] < 0x80) return i + 1;
    }
    return MOST_VARINT;
  }

  decode(bytes: Uint8Array, from: number, size: number): number {
    if (bytes[from + size - 1] >= 0x80) return Infinity;
    let length = 0;
    for (let i = size - 1; i >= 0; i--) length = length * 128 + (bytes[from + i] & 0x7f);
    return length > MOST_U32 ? Infinity : length;
  }

  encode(length: number): Uint8Array {
    const prefix = [];
    for (; length >= 0x80; length = Math.floor(length / 128)) prefix.push(length % 128 | 0x80);
    return new Uint8Array([...prefix, length]);
  }
}

/** Encodings by name; each is created for a byte order. */
export const LENGTHS: ReadonlyMap<string, (littleEndian: boolean) => LengthFormat> = new Map([
  ["u8", (littleEndian: boolean): LengthFormat => new FixedLength(1, littleEndian)],
  ["u16", (littleEndian: boolean): LengthFormat => new FixedLength(2, littleEndian)],
  ["u32", (littleEndian: boolean): LengthFormat => new FixedLength(4, littleEndian)],
  ["varint", (): LengthFormat => new VarintLength()],
]);
