// SPDX-License-Identifier: MIT
/** The grammar of a line of HTTP/1.1, over bytes: RFC 9110, section 5, and RFC 9112, section 5. */
import { HttpError } from "./error.ts";

export const CR = 0x0d;
export const LF = 0x0a;
export const SPACE = 0x20;
export const ZERO = 0x30;
export const COMMA = 0x2c;
export const SEMICOLON = 0x3b;
const TAB = 0x09;
const COLON = 0x3a;

/** Classes of bytes, to be combined. */
export const TOKEN = 1;
export const TARGET = 2;
export const VALUE = 4;
export const HOST = 8;

const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(letter);
  const host = /[0-9A-Za-z._~!$&'()*+,;=:%[\]-]/.test(letter);
  const visible = byte > SPACE && byte !== 0x7f;
  const blank = byte === SPACE || byte === TAB;
  return (token ? TOKEN : 0) | (visible ? TARGET : 0) | (visible || blank ? VALUE : 0) |
    (host ? HOST : 0);
});

/** Returns the index of the first byte from `at` on that is not of `kind`; the length if all are. */
export function skip(bytes: Uint8Array, at: number, kind: number): number {
  const { length } = bytes;
  while (at < length && (CLASSES[bytes[at]] & kind) !== 0) at++;
  return at;
}

/** Whether `word`, in small letters, is what stands from `start` to `end`, in letters of any case. */
export function stands(word: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[start + i];
    const small = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (small !== word[i]) return false;
  }
  return true;
}

/** Whether exactly `word` is what stands from `start` to `end`. */
export function same(word: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}

/** Whether the byte is a space or a tab. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** The field that {@linkcode readField} read last, by indices. */
export const field = { name: 0, nameEnd: 0, value: 0, valueEnd: 0 };

/**
 * Reads the field line at `from` into {@linkcode field}. Returns the index of the next line; 0 if this
 * one is not whole. Throws HttpError: a folded line, a space before the colon and LF without CR are
 * malformed, since another server on the way may understand them otherwise.
 */
export function readField(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  let at = skip(bytes, from, TOKEN);
  if (at === length) return 0;
  if (at === from || bytes[at] !== COLON) throw new HttpError(400, "A header is malformed");
  field.name = from;
  field.nameEnd = at++;
  while (at < length && isBlank(bytes[at])) at++;
  field.value = at;
  at = skip(bytes, at, VALUE);
  let end = at;
  while (end > field.value && isBlank(bytes[end - 1])) end--;
  field.valueEnd = end;
  return endOfLine(bytes, at);
}

/** Returns the index behind the end of a line that must be at `at`; 0 if that has not come. */
export function endOfLine(bytes: Uint8Array, at: number): number {
  const { length } = bytes;
  if (at < length && bytes[at] !== CR) throw new HttpError(400, "A line is malformed");
  if (at + 1 >= length) return 0;
  if (bytes[at + 1] !== LF) throw new HttpError(400, "A line is malformed");
  return at + 2;
}
