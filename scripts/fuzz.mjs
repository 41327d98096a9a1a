// SPDX-License-Identifier: MIT
/**
 * `npm run fuzz -- --seeds N --from S`: tries N seeds of each fuzzer in tests/fuzz from S on, under
 * Bun and then under Deno. `--only conn`, `accept` or `tls` leaves the others out. A failure prints
 * its seed, what was done, and the command that tries that seed alone. Exits with 1 if there is
 * one.
 */
import { spawnSync } from "node:child_process";
import { runtimeProgram } from "./runtimes.mjs";

const FILE = "tests/fuzz/main.ts";
const COMMANDS = [["bun", FILE], ["deno", "run", "-A", "--no-check", FILE]];

for (const [runtime, ...args] of COMMANDS) {
  console.log(`\n${runtime}`);
  const all = [...args, ...process.argv.slice(2)];
  const { status } = spawnSync(runtimeProgram(runtime), all, { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
