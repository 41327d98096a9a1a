// SPDX-License-Identifier: MIT
/**
 * `npm run sim:soak [RUNS] [FIRST]`: simulates the library, by default for a million runs, divided
 * among the scenarios of tests/sim/soak, on Bun, on all processors. Each run has its own seed; the
 * seed of a failed run is printed, and repeats it.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { program } from "./programs.mjs";

/** Number of scenarios. */
const SCENARIOS = 5;
const [runs = 1_000_000, first = 1] = process.argv.slice(2).map(Number);
const workers = availableParallelism();
const share = Math.ceil(runs / SCENARIOS / workers);

/** Runs `share` seeds in a separate process. Resolves to its exit code. */
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
