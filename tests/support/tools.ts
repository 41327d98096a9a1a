// SPDX-License-Identifier: MIT
/** Tools that are run to their end. */
import assert from "node:assert/strict";
import { start } from "./child.ts";

/** Runs a tool to its end, which must be a success. Returns its output. */
export async function succeed(file: string, args: string[]): Promise<string> {
  await using tool = start(file, args);
  const exit = await tool.exit;
  assert.deepEqual(exit, { code: 0, signal: null }, `${file}: ${tool.stderr.text}`);
  return tool.stdout.text;
}
