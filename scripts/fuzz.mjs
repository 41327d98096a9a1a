// SPDX-License-Identifier: MIT
/**
 * `npm run fuzz -- --seeds N --from S`: tries N seeds of each fuzzer in tests/fuzz, starting with
 * S, under Bun and then under Deno. `--only conn`, `accept` or `tls` omits the others. Prints for
 * each failure its seed, the operations, and the command that repeats it. Exits with 1 after a
 * failure.
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
