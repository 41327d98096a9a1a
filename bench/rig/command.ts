// SPDX-License-Identifier: MIT
// Runs a benchmark as a command, and sets its exit status.
import process from "node:process";

/**
 * Runs `main` to its end. The status is 0, or 1 if it returns false, which means a failure: a
 * missed goal is a result. If it throws, prints the error on stderr, with status 2.
 */
export async function command(name: string, main: () => Promise<boolean | void>): Promise<void> {
  try {
    process.exitCode = await main() === false ? 1 : 0;
  } catch (error) {
    console.error(`bench:${name}: ${(error as Error).message}`);
    process.exitCode = 2;
  }
}
