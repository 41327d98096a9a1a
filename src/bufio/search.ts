// SPDX-License-Identifier: MIT
/** Finds delimiters in a buffer. Go: bytes.IndexByte, bytes.Index. */

/** Number of bytes compared one by one first: for a short line, a native call costs more. */
const NEAR = 16;

/**
 * Returns the index of `byte` in `bytes` between `from` and, exclusive, `to`; -1 if there is none.
 */
export function indexOfByte(bytes: Uint8Array, byte: number, from: number, to: number): number {
  const near = from + NEAR < to ? from + NEAR : to;
  for (let i = from; i < near; i++) if (bytes[i] === byte) return i;
  if (near >= to) return -1;
  // The native search continues beyond `to`, into bytes of earlier reads.
  const at = bytes.indexOf(byte, near);
  return at < to ? at : -1;
}

/**
 * Returns the index of the first occurrence of `pattern` that ends at or before `to`; -1 if there
 * is none.
 */
export function indexOf(bytes: Uint8Array, pattern: Uint8Array, from: number, to: number): number {
  const last = to - pattern.length + 1;
  for (let at = from;; at++) {
    at = indexOfByte(bytes, pattern[0], at, last);
    if (at < 0 || startsWith(bytes, pattern, at)) return at;
  }
}

function startsWith(bytes: Uint8Array, pattern: Uint8Array, at: number): boolean {
  for (let i = 1; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false;
  return true;
}
