// SPDX-License-Identifier: MIT
/** Split functions of a scanner. Go: bufio/scan.go. */
import { indexOfByte } from "./search.ts";
import { codePointAt, codePointLength, REPLACEMENT } from "./utf8.ts";

const LF = 10;
const CR = 13;

/** Result of a split function. */
export interface Split {
  /** Number of bytes consumed. */
  advance: number;
  /** The token, a view of the data or other bytes; null if there is none in these bytes. */
  token: Uint8Array | null;
  /** True to end the scan after this token. Go: `bufio.ErrFinalToken`. */
  final?: boolean;
}

/**
 * Finds the first token in the unread bytes. Go: `bufio.SplitFunc`. It must not park.
 *
 * @param data unread bytes; a view that is valid until it returns
 * @param atEnd true if the stream ends after them; `data` may then be empty
 * @returns the token and the number of bytes consumed, or null if it needs more bytes
 */
export type SplitFunc = (data: Uint8Array, atEnd: boolean) => Split | null;

/** Lines without their end, "\n" or "\r\n"; the last one needs none. Go: `bufio.ScanLines`. */
export function scanLines(data: Uint8Array, atEnd: boolean): Split | null {
  const at = indexOfByte(data, LF, 0, data.length);
  if (at < 0 && (!atEnd || data.length === 0)) return null;
  const to = at < 0 ? data.length : at;
  const stop = to > 0 && data[to - 1] === CR ? to - 1 : to;
  return { advance: at < 0 ? to : at + 1, token: data.subarray(0, stop) };
}

/** Single bytes. Go: `bufio.ScanBytes`. */
export function scanBytes(data: Uint8Array, _atEnd: boolean): Split | null {
  return data.length === 0 ? null : { advance: 1, token: data.subarray(0, 1) };
}

/** Code points of UTF-8; an invalid byte becomes U+FFFD. Go: `bufio.ScanRunes`. */
export function scanRunes(data: Uint8Array, atEnd: boolean): Split | null {
  if (data.length === 0) return null;
  const length = codePointLength(data, 0);
  if (length < 0 && !atEnd) return null;
  return length > 0
    ? { advance: length, token: data.subarray(0, length) }
    : { advance: 1, token: REPLACEMENT.slice() };
}

/** Words between white space as Unicode defines it, which is removed. Go: `bufio.ScanWords`. */
export function scanWords(data: Uint8Array, atEnd: boolean): Split | null {
  const from = skip(data, 0, atEnd, true);
  const to = skip(data, from, atEnd, false);
  if (to < data.length && codePointLength(data, to) >= 0) {
    return { advance: to + Math.max(1, codePointLength(data, to)), token: data.subarray(from, to) };
  }
  if (atEnd && to > from) return { advance: to, token: data.subarray(from, to) };
  return from > 0 ? { advance: from, token: null } : null;
}

/**
 * Returns the index of the first code point at or after `at` that is white space, or is not; or is
 * incomplete.
 */
function skip(data: Uint8Array, at: number, atEnd: boolean, spaces: boolean): number {
  while (at < data.length) {
    const length = codePointLength(data, at);
    if (length < 0 && !atEnd) return at;
    const space = length > 0 && isSpace(codePointAt(data, at, length));
    if (space !== spaces) return at;
    at += Math.max(1, length);
  }
  return at;
}

/** Unicode's White_Space, as in Go's bufio. */
function isSpace(point: number): boolean {
  if (point <= 0xff) {
    return point === 0x20 || (point >= 0x09 && point <= 0x0d) || point === 0x85 || point === 0xa0;
  }
  return (point >= 0x2000 && point <= 0x200a) ||
    [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(point);
}
