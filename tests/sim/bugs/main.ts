// SPDX-License-Identifier: MIT
/**
 * Program of `npm run sim:bugs [RUNS]`: looks for each planted bug by each strategy, makes it small, and
 * runs its mended twin, 10,000 times by default. Prints a table; the exit status is 1 if a bug is not
 * found or a twin fails.
 */
import process from "node:process";
import { BUGS } from "./all.ts";
import { BY_DELAYS, STRATEGIES } from "./bug.ts";
import { cleanRuns, type Found, search } from "./search.ts";

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
  // Delays are in one network alone, and need not find what only another one shows.
  const found = [...STRATEGIES, ...BY_DELAYS].map((strategy) => search(bug, strategy));
  const needed = bug.strategies ?? STRATEGIES;
  const small = needed.map((strategy) => search(bug, strategy, 500));
  wrong += small.filter((one) => one === null).length;
  const clean = cleanRuns(bug, runs);
  if (clean !== null) wrong++;
  const cells = found.map(cellOf);
  const shrink = small[0]?.error.shrink;
  const sizes = `${shrink?.before} to ${shrink?.after}`;
  console.log(`| ${[bug.name, ...cells, sizes, clean?.message ?? "clean"].join(" | ")} |`);
}
process.exitCode = wrong > 0 ? 1 : 0;
