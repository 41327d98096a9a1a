// SPDX-License-Identifier: MIT
/**
 * Descriptors of this thread that are closed but still linger: see net/socket/lossless_close.ts.
 *
 * They serve no caller any more, so they are the first to be closed when something runs out:
 * descriptors, or places under a limit. Their number is bounded, per thread and per peer address,
 * since a peer decides how long each of them stays.
 */
import { registerState } from "../sched/thread_state.ts";

/** Maximum number of lingering descriptors per thread. */
const MOST_LINGERING = 1024;
/**
 * Maximum number of them per peer address.
 *
 * @internal exported for tests
 */
export const MOST_LINGERING_PER_ADDRESS = 256;

/** A lingering descriptor. */
export interface Lingering {
  /** The address of the peer, without the port. */
  readonly address: string;
  /** Its owner while it was open. */
  readonly holder: unknown;
  /** Whether the peer had acknowledged everything at the last look. */
  readonly acknowledged: boolean;
  /** Closes it by close(2) now, which calls `remove`. */
  cut(): void;
}

/** All of them, the oldest first. */
let all = new Set<Lingering>();
let perAddress = new Map<string, number>();

registerState<{ all: Set<Lingering>; perAddress: Map<string, number> }>("lingering descriptors", {
  fresh: () => ({ all: new Set(), perAddress: new Map() }),
  save: () => ({ all, perAddress }),
  restore: (state) => ({ all, perAddress } = state),
});

/** Adds one; if there are too many then, closes another. */
export function addLingering(one: Lingering): void {
  const { address } = one;
  if ((perAddress.get(address) ?? 0) >= MOST_LINGERING_PER_ADDRESS) {
    cutLingering((other) => other.address === address);
  }
  if (all.size >= MOST_LINGERING) cutLingering(() => true);
  all.add(one);
  perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
}

/** Removes one that has ended. */
export function removeLingering(one: Lingering): void {
  if (!all.delete(one)) return;
  const left = perAddress.get(one.address)! - 1;
  if (left > 0) perAddress.set(one.address, left);
  else perAddress.delete(one.address);
}

/**
 * Closes the oldest that matches `fits`, preferably one whose peer has acknowledged everything.
 * Returns false if none fits.
 */
export function cutLingering(fits: (one: Lingering) => boolean): boolean {
  let oldest: Lingering | null = null;
  for (const one of all) {
    if (!fits(one)) continue;
    oldest ??= one;
    if (!one.acknowledged) continue;
    oldest = one;
    break;
  }
  if (oldest === null) return false;
  oldest.cut();
  return true;
}

/** Returns the number of those that match `fits`. */
export function countLingering(fits: (one: Lingering) => boolean): number {
  let count = 0;
  for (const one of all) if (fits(one)) count++;
  return count;
}
