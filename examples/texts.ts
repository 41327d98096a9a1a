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

/** The bytes as text: one character a byte. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > LONGEST) return latin1(bytes, from, to);
  let hash = 0;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  const place = (hash ^ (hash >>> 15)) & (KEPT - 1);
  const kept = texts[place];
  return isText(kept, bytes, from, to) ? kept : texts[place] = latin1(bytes, from, to);
}

function isText(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== bytes[from + i]) return false;
  }
  return true;
}
