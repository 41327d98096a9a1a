// SPDX-License-Identifier: MIT
/** Programs whose output is the same on both runtimes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Most bytes of output. */
const MAX_BUFFER = 64 << 20;

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/**
 * Runs a fixture on Bun, and on Deno without permissions. Returns the output, which must be equal.
 */
export function outputOnBoth(name: string): string {
  const fixture = pathOf(`fixtures/${name}`);
  const options = { encoding: "utf8", maxBuffer: MAX_BUFFER } as const;
  const bin = "../../node_modules/.bin/";
  const bun = spawnSync(pathOf(`${bin}bun`), [fixture], options);
  const args = ["run", "--no-check", "--no-prompt", fixture];
  const deno = spawnSync(pathOf(`${bin}deno`), args, options);
  assert.equal(bun.status, 0, bun.stderr);
  assert.equal(deno.status, 0, deno.stderr);
  // Without the long message of `equal`.
  assert.ok(deno.stdout === bun.stdout, `${name} has another output on Deno`);
  return bun.stdout;
}
