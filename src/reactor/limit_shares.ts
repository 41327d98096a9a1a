// SPDX-License-Identifier: MIT
/**
 * Which thread enforces which limit: the main thread, which accepts, or the workers, which serve.
 */
import type { CheckedLimits } from "../limit/limit_options.ts";
import type { WorkerLimits } from "../worker/protocol.ts";

/** Returns the share of one of `workers`: together they may not exceed the limit. */
function share<L extends { most: number }>(limit: L, workers: number): L {
  return { ...limit, most: Math.max(1, Math.floor(limit.most / workers)) };
}

function closes(limit: { policy: string } | null): boolean {
  return limit?.policy === "closeOldestIdle";
}

/** Limits of the main thread: those decided before a worker has the connection. */
export function mainLimits(limits: CheckedLimits): CheckedLimits {
  return {
    ...limits,
    connections: closes(limits.connections) ? null : limits.connections,
    perAddress: closes(limits.perAddress) ? null : limits.perAddress,
    goroutines: closes(limits.goroutines) ? null : limits.goroutines,
    firstBytes: null,
  };
}

/**
 * Limits that each worker enforces on the connections passed to it: only it knows which are idle and
 * what each has sent.
 */
export function handedLimits(limits: CheckedLimits, workers: number): WorkerLimits {
  const { connections, perAddress, goroutines, firstBytes, reply } = limits;
  return {
    ...connections !== null && closes(connections) && { connections: share(connections, workers) },
    ...perAddress !== null && closes(perAddress) &&
      { perAddress: share(perAddress as never, workers) },
    ...goroutines !== null && closes(goroutines) && { goroutines },
    ...firstBytes !== null && { firstBytes },
    ...reply !== null && { reply },
  };
}

/** What each worker keeps of what it accepts itself: its share of everything. */
export function ownLimits(limits: CheckedLimits, workers: number): WorkerLimits {
  const { connections, perAddress, goroutines, acceptRate, firstBytes, reply } = limits;
  return {
    ...connections !== null && { connections: share(connections, workers) },
    ...perAddress !== null && { perAddress: share(perAddress as never, workers) },
    ...goroutines !== null && { goroutines },
    ...acceptRate !== null && {
      acceptRate: {
        ...acceptRate,
        perSecond: acceptRate.perSecond / workers,
        burst: Math.max(1, acceptRate.burst / workers),
      },
    },
    ...firstBytes !== null && { firstBytes },
    ...reply !== null && { reply },
  };
}
