// SPDX-License-Identifier: MIT
// Measurement rounds: each sample is a separate process, and in a round the sides take turns at a
// case.
import { startChild, within } from "../../rig/child.ts";
import { type Case, PARKED } from "./cases.ts";
import type { Options } from "./options.ts";
import type { Side } from "./sides.ts";

/** Output of the programs. */
interface Printed {
  /** Nanoseconds per operation. */
  ns?: number;
  /** Resident memory in bytes per goroutine. */
  rss?: number;
  /** Heap memory in bytes per goroutine. */
  heap?: number;
}

export interface Sample {
  round: number;
  side: Side["id"];
  case: string;
  /** Nanoseconds per operation; for "parked", resident bytes per goroutine. NaN after a failure. */
  cost: number;
  /** Heap bytes per goroutine; for "parked" only. */
  heap?: number;
  failure: string;
}

/** Time beyond the measurement: adding and stopping a million timers takes a while. */
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
