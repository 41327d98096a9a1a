// SPDX-License-Identifier: MIT
/**
 * Sizes of the package: its tarball, and the code that an import of each entry loads. docs/size.md
 * has the limits, and the figures when they were set.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../programs.mjs";

const PAGE = "docs/size.md";
const DEPENDENCIES = ["@deno/shim-deno"];

/** Returns the rows of the page: each measurement and its limit in KiB. */
function bounds() {
  const rows = readFileSync(join(ROOT, PAGE), "utf8")
    .matchAll(/^\| ([^|]+?) +\| +([\d,]+) +\| +([\d,]+) +\|$/gm);
  return [...rows].map(([, what, , bound]) => ({ what, bound: Number(bound.replaceAll(",", "")) }));
}

/** Returns the size of all modules that an entry loads, minified as one, without the dependency. */
async function loadedBy(entry) {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    external: ["node:*", "bun:*", ...DEPENDENCIES],
    logLevel: "error",
  });
  return outputFiles[0].contents.length;
}

/** Returns the size of a row's measurement in bytes; `tarball` is a path. */
async function sizeOf(what, tarball) {
  if (what === "tarball") return statSync(tarball).size;
  const entry = /^`import "@netpoll\/netpoll(?:\/(\w+))?"`$/.exec(what);
  if (entry === null) throw new Error(`${PAGE}: nothing is measured for ${what}`);
  return await loadedBy(`${entry[1] ?? "mod"}.ts`);
}

/** Resolves to a line for each size, and whether it is within its limit. */
export async function packageSizes(tarball) {
  const rows = bounds();
  if (rows.length < 5) throw new Error(`${PAGE} has ${rows.length} rows with a bound`);
  return await Promise.all(rows.map(async ({ what, bound }) => {
    const size = Math.ceil(await sizeOf(what, tarball) / 1024);
    return { ok: size <= bound, line: `${what}: ${size} KiB of ${bound}` };
  }));
}
