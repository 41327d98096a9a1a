// SPDX-License-Identifier: MIT
/** The load generator of the benchmarks, bench/echo/load.c, for tests. Needs gcc. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT, start } from "./child.ts";

/** Compiles it into `folder`. Returns its path. */
export async function buildLoad(folder: string): Promise<string> {
  const program = join(folder, "load");
  const source = join(ROOT, "bench/echo/load.c");
  await using gcc = start("gcc", ["-O2", "-pthread", "-o", program, source]);
  assert.deepEqual(await gcc.exit, { code: 0, signal: null }, gcc.stderr.text);
  return program;
}
