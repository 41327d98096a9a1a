// SPDX-License-Identifier: MIT The measuring: each sample is a process of its own, and in a round
// the sides take turns at a case.
import { startChild, within } from "../../rig/child.ts";
import { type Case, PARKED } from "./cases.ts";
import type { Options } from "./options.ts";
import type { Side } from "./sides.ts";

/** What the programs print. */
interface Printed {
  /** Nanoseconds an operation. */
  ns?: number;
  /** Bytes of the process a goroutine, as the system counts them. */
  rss?: number;
  /** Bytes a goroutine, as the collector counts them. */
  heap?: number;
}

export interface Sample {
  round: number;
  side: Side["id"];
  case: string;
  /** Nanoseconds an operation; of the parked, bytes of the process each. NaN after a failure. */
  cost: number;
  /** Bytes of the heap each; of the parked only. */
  heap?: number;
  failure: string;
}

/** Beyond what was asked for: a million timers are added and stopped as often as it takes. */
const GRACE_SECONDS = 60;

async function measure(side: Side, { id }: Case, round: number, ms: number): Promise<Sample> {
  const sample: Sample = { round, side: side.id, case: id, cost: NaN, failure: "" };
  const child = startChild([...side.command, String(ms), id], { GOMAXPROCS: "1" });
  const end = await within(ms / 1000 + GRACE_SECONDS, child.ended);
  if (end === undefined) child.kill("SIGKILL");
  try {
    const { ns, rss, heap } = JSON.parse(child.output()) as Printed;
    return { ...sample, cost: (id === PARKED ? rss : ns) ?? NaN, heap };
  } catch {
    return { ...sample, failure: `${end ?? "time is up"}: ${child.errors().trim()}` };
  }
}

/** Each round begins with another side. */
export async function runRounds({ rounds, ms, sides, cases }: Options): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    console.error(`round ${round + 1} of ${rounds}`);
    for (const one of cases) {
      for (let i = 0; i < sides.length; i++) {
        samples.push(await measure(sides[(round + i) % sides.length], one, round, ms));
      }
    }
  }
  return samples;
}
