// SPDX-License-Identifier: MIT
/**
 * Program of `npm run sim:bugs [RUNS]`: looks for each planted bug and runs its mended twin, 10,000 times
 * by default. Prints a table; the exit status is 1 if a bug is not found or a twin fails.
 */
import process from "node:process";
import { BUGS } from "./all.ts";
import { cleanRuns, ORDERS, search } from "./search.ts";

const [runs = 10_000] = process.argv.slice(2).map(Number);
let wrong = 0;
console.log(`| Bug | ${ORDERS.join(" | ")} | twin, ${runs} runs |`);
console.log(`| --- | ${ORDERS.map(() => "---:").join(" | ")} | --- |`);
for (const bug of BUGS) {
  const found = ORDERS.map((order) => search(bug, order));
  const cells = found.map((one) => one === null ? "not found" : `${one.runs} (${ms(one.ms)})`);
  const error = cleanRuns(bug, runs);
  wrong += found.filter((one) => one === null).length;
  if (error !== null) wrong++;
  console.log(`| ${bug.name} | ${cells.join(" | ")} | ${error?.message ?? "clean"} |`);
}
process.exitCode = wrong > 0 ? 1 : 0;

function ms(time: number): string {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
}
