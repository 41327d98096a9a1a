// SPDX-License-Identifier: MIT
// One server against another: the ratio of each round, as the machine drifts, then the median.
import type { Sample } from "./samples.ts";
import { C, C_THREADS, GO, type Server } from "./servers.ts";
import { median } from "../../rig/stats.ts";

export interface Ratio {
  median: number;
  min: number;
  max: number;
  pairs: number;
  /**
   * Whether enough pairs were undisturbed, with the CPUs in the same place: only those count then.
   */
  firm: boolean;
}

/** What of a sample a ratio takes. */
export type Rated = Pick<Sample, "round" | "server" | "rate" | "place" | "clean">;

/** Whom a server is compared with. */
export function othersOf(server: Server): string[] {
  return [C, C_THREADS, GO, server.own].filter((id) => id !== undefined).filter((id) =>
    id !== server.id
  );
}

/** Of the samples of one shape, the ratios of all rounds in which both have one that will do. */
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

/** Where too few pairs are clean, all are taken, and the ratio is a hint only. */
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
