// SPDX-License-Identifier: MIT
/** The random choice of `select`. Go: runtime/stubs.go, cheaprand. Marsaglia's 32-bit xorshift. */
import { epoch } from "../sched/clock.ts";
import { registerState } from "../sched/thread_state.ts";

let state = (epoch() | 1) >>> 0;

/**
 * Restarts the sequence: the same seed leads to the same choices.
 *
 * @internal exported for tests
 */
export function seedSelect(seed: number): void {
  state = seed >>> 0 || 1;
  kept = [];
}

/** Returns the state of the sequence, which changes with every choice. */
export function selectState(): number {
  return state;
}

/** Returns an integer from 0 up to but not including `n`, each equally likely. */
export function random(n: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  // The high bits decide: this generator's low bits are weaker.
  if (n <= 0x1_0000) return ((state >>> 16) * n) >>> 16;
  return Math.floor((state >>> 0) * n / 0x1_0000_0000);
}

/** Selects of more cases are rare enough to create their permutation each time. */
const MOST_KEPT = 16;
/** By the number of cases. */
let kept: number[][] = [];

/**
 * Returns the numbers below `count` in some order. The caller may leave it shuffled: a shuffle
 * makes every order equally likely wherever it starts.
 */
export function permutation(count: number): number[] {
  if (count < kept.length) return kept[count];
  if (count > MOST_KEPT) return ascending(count);
  for (let n = kept.length; n <= count; n++) kept.push(ascending(n));
  return kept[count];
}

function ascending(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

registerState("chance of select", {
  fresh: () => ({ state: (epoch() | 1) >>> 0, kept: [] as number[][] }),
  save: () => ({ state, kept }),
  restore: (saved) => ({ state, kept } = saved),
});
