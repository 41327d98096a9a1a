// SPDX-License-Identifier: MIT
// Command line options.
import { parseArgs } from "node:util";
import { choose, number } from "../../rig/flags.ts";
import { type Case, CASES } from "./cases.ts";
import { type Side, SIDES } from "./sides.ts";

export interface Options {
  rounds: number;
  /** Measured milliseconds, after a warm-up of half that time. */
  ms: number;
  sides: Side[];
  cases: Case[];
  save: boolean;
}

export const USAGE = `npm run bench:sched -- [flags]

  --rounds N     rounds over all sides (5)
  --ms N         measured milliseconds per side and case, after half as many of warm-up (300)
  --only A,B     sides: ${SIDES.map(({ id }) => id).join(" ")}
  --cases A,B    cases, or beginnings of their names: ${CASES.map(({ id }) => id).join(" ")}
  --save         write bench/results/sched.json and sched.md`;

const FLAGS = {
  rounds: { type: "string", default: "5" },
  ms: { type: "string", default: "300" },
  only: { type: "string" },
  cases: { type: "string" },
  save: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Returns null if only the usage was requested. */
export function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({ args, options: FLAGS });
  if (values.help) return null;
  return {
    rounds: Math.floor(number("rounds", values.rounds, 1, 100)),
    ms: number("ms", values.ms, 10, 60_000),
    sides: choose("only", SIDES, values.only),
    cases: choose("cases", CASES, values.cases),
    save: values.save,
  };
}
