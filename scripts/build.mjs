// SPDX-License-Identifier: MIT
/**
 * Builds `dist` from scratch; `npm pack` runs it first. The code of an entry is bundled into one
 * file, or a few where entries share code: reading hundreds of small files would dominate the
 * start-up. The declarations, one per source file, are made usable without @types/node. Node gets a
 * module that reports the error in one sentence.
 */
import { build } from "esbuild";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { root, run } from "./tools.mjs";

const dist = new URL("dist/", root);
const ENTRIES = ["mod", "poll", "event", "reactor", "sim", "debug"];

const SENTENCE =
  "netpoll runs on Bun and Deno, not on Node, because it calls the operating system's " +
  "poller through bun:ffi or Deno.dlopen: run this program by `bun main.ts` or `deno run main.ts`";

/**
 * Makes types of Node's modules `any` for a compiler without @types/node, instead of an error
 * inside the package.
 */
function tolerateMissingNodeTypes() {
  for (const file of readdirSync(dist, { recursive: true })) {
    if (!file.endsWith(".d.ts")) continue;
    const url = new URL(file.replaceAll("\\", "/"), dist);
    const text = readFileSync(url, "utf8");
    const comment = "// @ts-ignore: any, where there are no types for Node\n";
    const tolerant = text.replaceAll(/^import [^\n]*"node:\w+";$/gm, (line) => comment + line);
    if (tolerant !== text) writeFileSync(url, tolerant);
  }
}

/**
 * Compiles the code. The entries and their shared code are in `dist/js`; the module that a worker
 * starts with is loaded by its URL, relative to that as in `src`. Names are kept, for errors and
 * dumps, and line breaks, as Bun prints the lines around an uncaught error. Returns the exports of each entry.
 */
async function compile() {
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
    outdir: "dist",
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
  return new Map(
    ENTRIES.map((entry) => [entry, metafile.outputs[`dist/js/${entry}.js`].exports]),
  );
}

/**
 * Writes the modules for Node, which loads them by the condition "node-addons" that bundlers do not
 * set.
 */
function writeNodeEntries(exported) {
  mkdirSync(new URL("node/", dist));
  for (const entry of ENTRIES) {
    // The names must exist: without them Node fails with a SyntaxError about the first of them.
    const names = exported.get(entry).map((name) => `export let ${name};\n`).join("");
    const text = `const error = new Error(${JSON.stringify(SENTENCE)});\n` +
      `error.stack = String(error);\nthrow error;\n${names}`;
    writeFileSync(new URL(`node/${entry}.js`, dist), text);
  }
}

rmSync(dist, { recursive: true, force: true });
process.exitCode = run(process.execPath, [
  "node_modules/typescript/bin/tsc",
  "-p",
  "tsconfig.build.json",
]);
if (process.exitCode === 0) {
  tolerateMissingNodeTypes();
  writeNodeEntries(await compile());
}
