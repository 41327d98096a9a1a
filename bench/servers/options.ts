// SPDX-License-Identifier: MIT
// Command line options.
import { parseArgs } from "node:util";
import type { Pin } from "../echo/rig/options.ts";
import { choose, number } from "../rig/flags.ts";
import { type Contestant, CONTESTANTS } from "./contestants.ts";

export interface Options {
  rounds: number;
  /** Approximate duration of each measurement in seconds; rounded up for wrk. */
  seconds: number;
  contestants: Contestant[];
  pin: Pin;
  nice: number;
  /** Number of undisturbed pairs required for a ratio. */
  needed: number;
  save: boolean;
}

const IDS = CONTESTANTS.map(({ id }) => id);

export const USAGE = `npm run bench:servers -- [flags]

  --rounds N     rounds over all servers (3)
  --seconds S    about so long is each measurement, for wrk the next whole number (1)
  --quick        one round of 0.2 s, to see that it works
  --only A,B     servers, or beginnings of their names: ${IDS.join(" ")}
  --pin MODE     split: server on CPU 0, load on CPU 1 (default); load: the load only; none
  --nice N       niceness of both; below 0 takes root (0)
  --save         write bench/results/servers.json and servers.md`;

export function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      pin: { type: "string", default: "split" },
      nice: { type: "string", default: "0" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { pin } = values;
  if (pin !== "split" && pin !== "load" && pin !== "none") {
    throw new Error(`--pin takes split, load or none, not "${pin}"`);
  }
  const rounds = values.quick ? 1 : number("rounds", values.rounds, 1, 100);
  return {
    rounds,
    seconds: values.quick ? 0.2 : number("seconds", values.seconds, 0.1, 60),
    contestants: choose("only", CONTESTANTS, values.only),
    pin,
    nice: number("nice", values.nice, -20, 19),
    needed: Math.min(3, rounds),
    save: values.save,
  };
}
