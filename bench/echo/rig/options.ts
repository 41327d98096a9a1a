// SPDX-License-Identifier: MIT
// Command line options.
import { parseArgs } from "node:util";
import { choose, number } from "../../rig/flags.ts";
import { type Server, SERVERS } from "./servers.ts";
import { type Shape, SHAPES } from "./shapes.ts";

/** CPU affinity: server on CPU 0 and generator on CPU 1, only the generator on CPU 1, or none. */
export type Pin = "split" | "load" | "none";

export interface Options {
  rounds: number;
  seconds: number;
  warmup: number;
  /** Maximum number of repetitions of a disturbed measurement. */
  retries: number;
  /** Maximum number of extra rounds for disturbed pairs. */
  extra: number;
  /** Number of undisturbed pairs required for a ratio. */
  needed: number;
  /** Time of Date.now() after which nothing is repeated and no extra round begins. */
  deadline: number;
  servers: Server[];
  shapes: Shape[];
  pin: Pin;
  /** Niceness of server and generator. */
  nice: number;
  save: boolean;
  /** Instead of measuring: number of bytes to verify in each direction. */
  bytes: number | null;
}

export const USAGE = `npm run bench:echo -- [flags]

  --rounds N     rounds over all servers (5)
  --seconds S    measured seconds per server and shape (1)
  --warmup S     seconds before them, not counted (2)
  --retries N    how often a disturbed measurement is made again (2)
  --extra N      rounds at most for pairs with less than 3 undisturbed samples (as many as --rounds)
  --limit S      seconds after which no sample is made again and no extra round begins (600)
  --only A,B     servers, or beginnings of their names: ${SERVERS.map(({ id }) => id).join(" ")}
  --shapes A,B   ${SHAPES.map(({ id }) => id).join(" ")}
  --pin MODE     split: server on CPU 0, generator on CPU 1 (default); load: the generator only; none
  --nice N       niceness of both, for a machine that is shared; below 0 takes root (0)
  --save         write bench/results/echo.json and echo.md
  --bytes N      measure nothing: send N bytes each way through each server and compare them`;

function pinMode(text: string): Pin {
  if (text === "split" || text === "load" || text === "none") return text;
  throw new Error(`--pin takes split, load or none, not "${text}"`);
}

const FLAGS = {
  rounds: { type: "string", default: "5" },
  seconds: { type: "string", default: "1" },
  warmup: { type: "string", default: "2" },
  retries: { type: "string", default: "2" },
  extra: { type: "string" },
  limit: { type: "string", default: "600" },
  only: { type: "string" },
  shapes: { type: "string" },
  pin: { type: "string", default: "split" },
  nice: { type: "string", default: "0" },
  save: { type: "boolean", default: false },
  bytes: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/**
 * Returns null if only the usage was requested. The bounds prevent a typo from running for hours.
 */
export function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({ args, options: FLAGS });
  if (values.help) return null;
  const rounds = Math.floor(number("rounds", values.rounds, 1, 100));
  return {
    rounds,
    extra: Math.floor(number("extra", values.extra ?? values.rounds, 0, 100)),
    needed: Math.min(3, rounds),
    deadline: Date.now() + number("limit", values.limit, 0, 86400) * 1000,
    seconds: number("seconds", values.seconds, 0.05, 60),
    warmup: number("warmup", values.warmup, 0.05, 60),
    retries: Math.floor(number("retries", values.retries, 0, 10)),
    servers: choose("only", SERVERS, values.only),
    shapes: choose("shapes", SHAPES, values.shapes),
    pin: pinMode(values.pin),
    nice: Math.floor(number("nice", values.nice, -20, 19)),
    save: values.save,
    bytes: values.bytes === undefined ? null : Math.floor(number("bytes", values.bytes, 0, 1e11)),
  };
}
