// SPDX-License-Identifier: MIT
/**
 * Imports between the modules of the package, including type imports, as Deno resolves them.
 * (TypeScript 7 has no compiler API, so tools that are built on it find nothing.)
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { capture, program, ROOT } from "../programs.mjs";

/** Folders of modules; the modules beside package.json are the entries. */
const FOLDERS = ["src", "platforms"];

const isModule = (name) => name.endsWith(".ts");

/** Paths of all modules of the package, relative to the repository, with "/" on every system. */
export function modules() {
  const nested = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).filter(isModule)
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
  );
  return [...readdirSync(ROOT).filter(isModule), ...nested].sort();
}

/** Returns the module graph of `deno info`, for a module that imports all others. */
async function graph(files) {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-imports-"));
  try {
    const all = join(folder, "all.ts");
    const urls = files.map((file) => pathToFileURL(join(ROOT, file)).href);
    writeFileSync(all, urls.map((url) => `import ${JSON.stringify(url)};\n`).join(""));
    const config = join(ROOT, "deno.json");
    const info = await capture(program("deno", "info", "--json", "--config", config, all));
    if (info.status !== 0) throw new Error(info.output);
    return JSON.parse(info.stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Path of a `file:` URL relative to the repository, or null for one outside it. */
function pathOf(specifier) {
  if (!specifier?.startsWith("file:")) return null;
  const path = relative(ROOT, fileURLToPath(specifier)).replaceAll("\\", "/");
  return path.startsWith("../") || path.startsWith("node_modules/") ? null : path;
}

/** Resolves to every import of one module by another: `{ from, line, to }`. */
export async function imports() {
  const files = modules();
  const { modules: found } = await graph(files);
  const known = new Set(files);
  return found.flatMap(({ specifier, dependencies = [] }) => {
    const from = pathOf(specifier);
    if (!known.has(from)) return [];
    return dependencies.flatMap(({ code, type }) => {
      const { specifier: to, span } = code ?? type ?? {};
      return pathOf(to) === null ? [] : [{ from, line: span.start.line + 1, to: pathOf(to) }];
    });
  });
}
