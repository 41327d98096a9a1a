// SPDX-License-Identifier: MIT
/** UTF-8 code points one by one. Go: unicode/utf8. */

/** U+FFFD in UTF-8: replaces an invalid byte. */
export const REPLACEMENT: Uint8Array = new Uint8Array([0xef, 0xbf, 0xbd]);

/**
 * Minimum second byte after these first bytes: a smaller one is an overlong form. Go:
 * utf8.acceptRanges.
 */
const LEAST_SECOND = new Map([[0xe0, 0xa0], [0xf0, 0x90]]);
/** Maximum second byte after these: a larger one is a surrogate, or beyond U+10FFFF. */
const GREATEST_SECOND = new Map([[0xed, 0x9f], [0xf4, 0x8f]]);

/** Returns the length of a code point by its first byte; 0 if that is invalid. */
function lengthByFirst(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/**
 * Returns the length of the code point at `at`: 0 if it is invalid, -1 if it is incomplete. Go:
 * utf8.FullRune, utf8.DecodeRune.
 */
export function codePointLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const length = lengthByFirst(first);
  for (let i = 1; i < length; i++) {
    if (at + i >= bytes.length) return -1;
    const least = i === 1 ? LEAST_SECOND.get(first) ?? 0x80 : 0x80;
    const greatest = i === 1 ? GREATEST_SECOND.get(first) ?? 0xbf : 0xbf;
    if (bytes[at + i] < least || bytes[at + i] > greatest) return 0;
  }
  return length;
}

/** Returns the value of the valid code point of `length` bytes at `at`. */
export function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  if (length === 1) return bytes[at];
  let value = bytes[at] & (0x7f >> length);
  for (let i = 1; i < length; i++) value = (value << 6) | (bytes[at + i] & 0x3f);
  return value;
}
