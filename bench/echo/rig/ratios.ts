// SPDX-License-Identifier: MIT
// Ratios between two servers: within each round, because the machine's speed drifts, and then the
// median.
import type { Sample } from "./samples.ts";
import { C, C_THREADS, GO, type Server } from "./servers.ts";
import { median } from "../../rig/stats.ts";

export interface Ratio {
  median: number;
  min: number;
  max: number;
  pairs: number;
  /** Whether enough pairs were undisturbed with the same CPU placement: then only those count. */
  firm: boolean;
}

/** Fields of a sample that a ratio uses. */
export type Rated = Pick<Sample, "round" | "server" | "rate" | "place" | "clean">;

/** Servers to compare a server with. */
export function othersOf(server: Server): string[] {
  return [C, C_THREADS, GO, server.own].filter((id) => id !== undefined).filter((id) =>
    id !== server.id
  );
}

/** Ratios of all rounds in which both servers have a usable sample of this shape. */
function pairs(samples: Rated[], mine: string, theirs: string, clean: boolean): number[] {
  const usable = samples.filter((sample) => sample.rate > 0 && (sample.clean || !clean));
  return usable.filter(({ server }) => server === mine).flatMap((a) => {
    const b = usable.find(({ server, round }) => server === theirs && round === a.round);
    if (b === undefined || (clean && a.place !== b.place)) return [];
    return [a.rate / b.rate];
  });
}

export function cleanPairs(samples: Rated[], mine: string, theirs: string): number {
  return pairs(samples, mine, theirs, true).length;
}

/** If too few pairs are clean, uses all of them, and the ratio is only an indication. */
export function ratio(
  samples: Rated[],
  mine: string,
  theirs: string,
  needed: number,
): Ratio | null {
  const clean = pairs(samples, mine, theirs, true);
  const firm = clean.length >= needed;
  const values = firm ? clean : pairs(samples, mine, theirs, false);
  if (values.length === 0) return null;
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return { median: median(values), min, max, pairs: values.length, firm };
}
