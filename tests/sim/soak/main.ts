// SPDX-License-Identifier: MIT
/** Program of scripts/sim_soak.mjs: `main.ts FIRST COUNT` runs seeds and prints those that fail. */
import process from "node:process";
import { soak } from "./soak.ts";

const [first, count] = process.argv.slice(2).map(Number);
let failed = 0;
for (let at = first; at < first + count; at += 1000) {
  for (const { scenario, seed, schedule, error } of soak(at, Math.min(1000, first + count - at))) {
    failed++;
    console.log(`${scenario}, seed ${seed}, ${schedule}: ${error.message}\n${error.stack}`);
  }
}
process.exitCode = failed > 0 ? 1 : 0;
