// SPDX-License-Identifier: MIT
/**
 * Finds the programs of Bun and Deno that `npm install` installed. The names in `node_modules/.bin`
 * are batch files on Windows, which Node does not run without a shell, so this resolves their
 * targets.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** Finds Bun's program; its package has the same file name on every system. */
function bun() {
  return join(dirname(require.resolve("bun/package.json")), "bin", "bun.exe");
}

/** Finds Deno's program; its package links it on installation, or else on resolution. */
function deno() {
  return require("deno/install_api.cjs").runInstall();
}

/** The path of each runtime's program. */
const PROGRAMS = { bun, deno };

/**
 * Returns the path of a runtime's native program.
 *
 * @param {"bun" | "deno"} name
 * @returns {string}
 */
export function runtimeProgram(name) {
  if (!Object.hasOwn(PROGRAMS, name)) throw new TypeError(`no runtime is named "${name}"`);
  const path = PROGRAMS[name]();
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm install`);
  return path;
}
