// SPDX-License-Identifier: MIT
/**
 * Builds `dist` from scratch; `npm pack` runs it first. The code is compiled into few files. The
 * declarations, one per source file, are made usable without @types/node. Node gets a module that
 * reports the error in one sentence.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compile, ENTRIES } from "./compile.mjs";
import { root, run } from "./tools.mjs";

const dist = new URL("dist/", root);

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

/** What each export is on Node: importing it is allowed, so that types and shared modules work. */
const UNAVAILABLE = `function unavailable() {
  const error = new Error(${JSON.stringify(SENTENCE)});
  Error.captureStackTrace(error, unavailable);
  throw error;
}
const get = (target, key) => {
  if (typeof key === "symbol" || Object.hasOwn(target, key)) return target[key];
  return unavailable();
};
const traps = { apply: unavailable, construct: unavailable, get };
const missing = new Proxy(function netpoll() {}, traps);
`;

/**
 * Writes the modules for Node, which loads them by the condition "node-addons" that bundlers do not
 * set. They throw at the first use.
 */
function writeNodeEntries(exported) {
  mkdirSync(new URL("node/", dist));
  for (const entry of ENTRIES) {
    const names = exported.get(entry).map((name) => `missing as ${name}`).join(", ");
    writeFileSync(new URL(`node/${entry}.js`, dist), `${UNAVAILABLE}export { ${names} };\n`);
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
  writeNodeEntries(await compile(fileURLToPath(dist)));
  await compile(fileURLToPath(new URL("bun/", dist)), { deferred: true });
}
