// SPDX-License-Identifier: MIT
/**
 * `npm pack` runs this first: compiles the sources into `dist`, from nothing. Then it makes the
 * declarations usable without @types/node, and writes what Node loads: one sentence.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { root, run } from "./tools.mjs";

const dist = new URL("dist/", root);
const ENTRIES = ["mod", "poll", "event", "reactor", "sim", "debug"];

const SENTENCE =
  "netpoll runs on Bun and Deno, not on Node, because it calls the operating system's " +
  "poller through bun:ffi or Deno.dlopen: run this program by `bun main.ts` or `deno run main.ts`";

/**
 * Types of Node's modules are `any` to a compiler that does not know them, instead of an error in
 * the middle of a package.
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

/** The names of the values that a compiled entry exports. */
function exportsOf(entry) {
  const text = readFileSync(new URL(`${entry}.js`, dist), "utf8");
  return [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) =>
    names.split(",").map((name) => name.trim().split(" as ").at(-1)).filter((name) => name !== "")
  );
}

/** Node loads these by the condition "node-addons", which bundlers do not set. */
function writeNodeEntries() {
  mkdirSync(new URL("node/", dist));
  for (const entry of ENTRIES) {
    // The names must be there: without them Node ends with a SyntaxError about the first of them.
    const names = exportsOf(entry).map((name) => `export let ${name};\n`).join("");
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
  writeNodeEntries();
}
