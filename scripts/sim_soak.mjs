// SPDX-License-Identifier: MIT
/**
 * `npm run sim:soak [RUNS] [FIRST]`: the library under simulation, a million runs by default: five
 * scenarios of tests/sim/soak under so many seeds, on Bun, over all processors. Prints each run
 * that fails with its seed, which repeats it.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { program } from "./programs.mjs";

/** How many scenarios there are: a seed is as many runs. */
const SCENARIOS = 5;
const [runs = 1_000_000, first = 1] = process.argv.slice(2).map(Number);
const workers = availableParallelism();
const share = Math.ceil(runs / SCENARIOS / workers);

/** Runs `share` seeds in a process of their own. Resolves to its exit code. */
function run(worker) {
  const [command, ...args] = program(
    "bun",
    "tests/sim/soak/main.ts",
    String(first + worker * share),
    String(share),
  );
  const child = spawn(command, args, { stdio: "inherit" });
  return new Promise((resolve) => child.on("exit", resolve));
}

const began = performance.now();
const codes = await Promise.all(Array.from({ length: workers }, (_, worker) => run(worker)));
const seconds = (performance.now() - began) / 1000;
const all = share * workers * SCENARIOS;
console.log(`${all} runs in ${seconds.toFixed(0)} s, ${Math.round(all / seconds)} a second`);
process.exitCode = codes.some((code) => code !== 0) ? 1 : 0;
