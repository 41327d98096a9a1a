// SPDX-License-Identifier: MIT
/**
 * Compiles the library for its packages. The code of an entry is bundled into one file, or a few
 * where entries share code: reading hundreds of small files would dominate the start-up.
 */
import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { root } from "./tools.mjs";

/** The entries that run on Bun and Deno only. */
export const ENTRIES = ["mod", "poll", "event", "reactor", "sim", "debug"];

/**
 * Compiles the code into the folder `outdir`. The entries and their shared code are in its `js`; the
 * module that a worker starts with is loaded by its URL, relative to that as in `src`. Names are kept,
 * for errors and dumps, and line breaks, as Bun prints the lines around an uncaught error. Returns the
 * exports of each entry but `lint`.
 */
export async function compile(outdir) {
  const entryPoints = {
    "js/lint": "lint.ts",
    // A module of its own: V8 takes 20 ms for an error that the top level of a large module makes, since
    // it compiles all of that once more for its lines.
    "js/context_errors": "src/context/errors.ts",
    "reactor/worker_entry": "src/reactor/worker_entry.ts",
    "explore/worker_entry": "src/sim/explore/worker_entry.ts",
    ...Object.fromEntries(ENTRIES.map((entry) => [`js/${entry}`, `${entry}.ts`])),
  };
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(root),
    entryPoints,
    outdir,
    chunkNames: "js/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    target: "esnext",
    external: ["node:*", "bun:*", "@deno/shim-deno"],
    minifySyntax: true,
    metafile: true,
    legalComments: "none",
  });
  const exported = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  return new Map(ENTRIES.map((entry) => [
    entry,
    exported.find(({ entryPoint }) => entryPoint === `${entry}.ts`).exports,
  ]));
}
