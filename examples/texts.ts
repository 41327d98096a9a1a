// SPDX-License-Identifier: MIT
/**
 * Strings for bytes that come again and again, as keys and paths do: to find the one that there is
 * takes less than to make another, whose hash a Map would have to compute as well. It keeps a bounded
 * number.
 */
import { latin1 } from "./latin1.ts";

/** Longer ones are cheaper to make than to compare. */
const LONGEST = 32;
/** A power of two. */
const KEPT = 1024;

const texts: string[] = new Array(KEPT).fill("");
/** The bytes of each text, LONGEST apart: they are compared faster than characters of a string. */
const kept = new Uint8Array(KEPT * LONGEST);

/** The bytes as text: one character a byte. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  const length = to - from;
  if (length > LONGEST) return latin1(bytes, from, to);
  const place = placeOf(bytes, from, to);
  const text = texts[place];
  if (text.length === length && isKept(place * LONGEST, bytes, from, length)) return text;
  for (let i = 0; i < length; i++) kept[place * LONGEST + i] = bytes[from + i];
  return texts[place] = latin1(bytes, from, to);
}

/** Hashes bytes of even and of odd index apart: a multiplication need not wait for the one before. */
function placeOf(bytes: Uint8Array, from: number, to: number): number {
  let even = 0;
  let odd = 0;
  let at = from;
  for (; at + 1 < to; at += 2) {
    even = Math.imul(even ^ bytes[at], 0x01000193);
    odd = Math.imul(odd ^ bytes[at + 1], 0x01000193);
  }
  if (at < to) even ^= bytes[at];
  const hash = Math.imul(even, 0x85ebca6b) ^ odd;
  return (hash ^ (hash >>> 15)) & (KEPT - 1);
}

function isKept(at: number, bytes: Uint8Array, from: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (kept[at + i] !== bytes[from + i]) return false;
  return true;
}
