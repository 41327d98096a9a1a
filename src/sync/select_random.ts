// SPDX-License-Identifier: MIT
/** The chance in `select`. Go: runtime/stubs.go, cheaprand. Marsaglia's xorshift of 32 bits. */

let state = (Date.now() | 1) >>> 0;

/** Starts the sequence anew: the same seed gives the same choices. For tests. */
export function seedSelect(seed: number): void {
  state = seed >>> 0 || 1;
}

/** A whole number from 0 up to but not including `n`, each as likely as the others. */
export function random(n: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  // The high bits decide: of the low ones this generator is less sure.
  if (n <= 0x1_0000) return ((state >>> 16) * n) >>> 16;
  return Math.floor((state >>> 0) * n / 0x1_0000_0000);
}
