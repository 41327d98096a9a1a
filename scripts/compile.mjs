// SPDX-License-Identifier: MIT
/**
 * Compiles the library for its packages. The code of an entry is bundled into one file, and a few
 * that entries share: reading hundreds of small files would dominate the start-up.
 */
import { transform } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { defer, DEFERRED } from "./deferred.mjs";
import { root } from "./tools.mjs";

/** The entries that run on Bun and Deno only. */
export const ENTRIES = ["mod", "poll", "event", "reactor", "sim", "debug"];

/** Absolute path of a source file. */
const source = (path) => fileURLToPath(new URL(path, root));

/** What is loaded by its URL, with the place of its code. */
const EAGER = {
  // A module of its own: V8 takes 20 ms for an error that the top level of a large module makes, since
  // it compiles all of that once more for its lines.
  "js/context_errors": source("src/context/errors.ts"),
  // The module that a worker starts with is found relative to the code as in `src`.
  "reactor/worker_entry": source("src/reactor/worker_entry.ts"),
  "explore/worker_entry": source("src/sim/explore/worker_entry.ts"),
  ...Object.fromEntries(ENTRIES.map((entry) => [`js/${entry}`, source(`${entry}.ts`)])),
};

/** Resolves the sources' imports, and compiles each file. */
const sources = {
  name: "sources",
  resolveId(specifier, importer) {
    if (importer === undefined) return null;
    if (!specifier.startsWith(".")) return { id: specifier, external: true };
    return resolve(dirname(importer), specifier);
  },
  async load(file) {
    const options = { loader: "ts", target: "esnext", minifySyntax: true, legalComments: "none" };
    return (await transform(readFileSync(file, "utf8"), options)).code;
  },
};

/** Returns the names of the entries that load each module. */
function loaders(getModuleInfo) {
  const found = new Map();
  for (const [entry, file] of Object.entries(EAGER)) {
    const rest = [file];
    for (const module of rest) {
      const entries = found.get(module) ?? new Set();
      found.set(module, entries);
      if (entries.has(entry)) continue;
      entries.add(entry);
      rest.push(...getModuleInfo(module).importedIds.filter((id) => !getModuleInfo(id).isExternal));
    }
  }
  return found;
}

/**
 * Returns the file of a module, so that each entry loads few files and little that it does not need;
 * null for that of its entry. A module's imports are loaded by at least the same entries, so the
 * files import only in the order of these lines, upwards.
 */
function fileOf(entries) {
  const has = (name) => entries.has(name);
  if (entries.size === 1) return has("js/mod") ? "main" : null;
  if (has("js/mod") && has("js/poll")) return "core";
  if ((has("js/mod") || has("js/reactor")) && (has("js/sim") || has("js/debug"))) return "sched";
  if (has("js/mod")) return "net";
  return has("reactor/worker_entry") ? "reactors" : "simulation";
}

/** Returns the function that assigns a module to a file. */
function assigner() {
  const { "js/context_errors": alone, ...others } = EAGER;
  const entries = [...Object.values(others), ...DEFERRED.map(({ file }) => source(file))];
  let found;
  return (module, { getModuleInfo }) => {
    found ??= loaders(getModuleInfo);
    const loading = found.get(module);
    if (module === alone) return "errors";
    return !loading || entries.includes(module) ? null : fileOf(loading);
  };
}

/**
 * Compiles the code into the folder `outdir`; the entries and their shared code are in its `js`. Names
 * and line breaks are kept, for errors and dumps, as Bun prints the lines around an uncaught error.
 * Returns the exports of each entry but `lint`.
 *
 * @param options `deferred`: for Bun alone, which loads the modules of deferred.mjs when they are called
 */
export async function compile(outdir, { deferred = false } = {}) {
  const others = deferred ? {} : { "js/lint": source("lint.ts") };
  const bundle = await rollup({
    input: { ...EAGER, ...others },
    plugins: [deferred ? defer : [], sources],
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundle.write({
    dir: outdir,
    entryFileNames: "[name].js",
    chunkFileNames: "js/[name]-[hash].js",
    generatedCode: "es2015",
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    manualChunks: assigner(),
  });
  await bundle.close();
  return new Map(ENTRIES.map((entry) => [
    entry,
    output.find(({ name, isEntry }) => isEntry && name === `js/${entry}`).exports,
  ]));
}
