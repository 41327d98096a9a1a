// SPDX-License-Identifier: MIT
// A benchmark as a command: what its exit status says.
import process from "node:process";

/**
 * Runs `main` to its end. The status is 0, or 1 if it gives false, which tells of failures only: a
 * goal that is missed is a result. What it throws is told in a line on stderr, with status 2.
 */
export async function command(name: string, main: () => Promise<boolean | void>): Promise<void> {
  try {
    process.exitCode = await main() === false ? 1 : 0;
  } catch (error) {
    console.error(`bench:${name}: ${(error as Error).message}`);
    process.exitCode = 2;
  }
}
