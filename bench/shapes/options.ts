// SPDX-License-Identifier: MIT
// Command line options.
import { parseArgs } from "node:util";
import { choose, number } from "../rig/flags.ts";
import { type Shape, SHAPES } from "./shapes.ts";
import { type Side, SIDES } from "./sides.ts";

export interface Options {
  rounds: number;
  /** Measured milliseconds of a sample. */
  ms: number;
  sides: Side[];
  shapes: Shape[];
  save: boolean;
}

export const USAGE = `npm run bench:shapes -- [flags]

  --rounds N     rounds over all sides (3)
  --ms N         measured milliseconds of a sample, after a warm-up of three times that (700)
  --only A,B     sides: ${SIDES.map(({ id }) => id).join(" ")}
  --shapes A,B   shapes: ${SHAPES.map(({ id }) => id).join(" ")}
  --save         write bench/results/shapes.json and shapes.md`;

const FLAGS = {
  rounds: { type: "string", default: "3" },
  ms: { type: "string", default: "700" },
  only: { type: "string" },
  shapes: { type: "string" },
  save: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Returns null if only the usage was requested. */
export function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({ args, options: FLAGS });
  if (values.help) return null;
  return {
    rounds: Math.floor(number("rounds", values.rounds, 1, 100)),
    ms: Math.floor(number("ms", values.ms, 20, 60_000)),
    sides: choose("only", SIDES, values.only),
    shapes: choose("shapes", SHAPES, values.shapes),
    save: values.save,
  };
}
