// SPDX-License-Identifier: MIT
/**
 * Program of `npm run sim:bugs [RUNS]`: looks for each planted bug by each strategy, makes it small, and
 * runs its mended twin, 10,000 times by default. Prints a table; the exit status is 1 if a bug is not
 * found or a twin fails.
 */
import process from "node:process";
import type { Strategy } from "../../../sim.ts";
import { BUGS } from "./all.ts";
import { cleanRuns, type Found, search, STRATEGIES } from "./search.ts";

/** One network alone, so that it need not find what only another one shows. */
const DELAYS: Strategy = { delays: 2 };

/** Runs, and real time. */
function cellOf(found: Found | null): string {
  if (found === null) return "not found";
  return `${found.runs} (${found.ms < 10 ? found.ms.toFixed(1) : Math.round(found.ms)} ms)`;
}

const [runs = 10_000] = process.argv.slice(2).map(Number);
let wrong = 0;
console.log(`| Bug | fifo | random | pct 3 | delays 2 | Decisions | Twin, ${runs} runs |`);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | --- |");
for (const bug of BUGS) {
  const found = STRATEGIES.map((strategy) => search(bug, strategy));
  wrong += found.filter((one) => one === null).length;
  const { shrink } = search(bug, "fifo", 500)!.error;
  const clean = cleanRuns(bug, runs);
  if (clean !== null) wrong++;
  const cells = [...found, search(bug, DELAYS)].map(cellOf);
  const sizes = `${shrink!.before} to ${shrink!.after}`;
  console.log(`| ${[bug.name, ...cells, sizes, clean?.message ?? "clean"].join(" | ")} |`);
}
process.exitCode = wrong > 0 ? 1 : 0;
