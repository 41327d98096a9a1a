// SPDX-License-Identifier: MIT
/**
 * `npm run ok`: all static checks of the sources. With arguments, only the gates of these names:
 * `npm run ok -- spelling layers`.
 */
import process from "node:process";
import { lineOf, runGates } from "./gates/run.mjs";
import { GATES } from "./gates/table.mjs";

const names = process.argv.slice(2);
const unknown = names.filter((name) => !GATES.some((gate) => gate.name === name));
if (unknown.length > 0) {
  console.error(`no gate has the name ${unknown.join(", ")}. The gates:`);
  for (const { name, what } of GATES) console.error(`  ${name.padEnd(12)} ${what}`);
  process.exit(2);
}

const results = await runGates(names, (result) => console.log(lineOf(result)));
const failures = results.filter(({ ok }) => !ok);
for (const { failure } of failures) console.log(`\n${failure}`);
console.log(`\n${results.length - failures.length} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
