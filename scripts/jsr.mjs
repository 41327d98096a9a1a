// SPDX-License-Identifier: MIT
/**
 * Makes the package for JSR: `node scripts/jsr.mjs [FOLDER]`, in a new folder, by default in
 * `.cache/jsr`. With `--dry-run` it also checks that JSR would accept the package.
 *
 * The package has the sources, from which JSR makes the documentation and compilers take the types,
 * and beside them the compiled code, which runs. Deno would read 450 files of sources one by one.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compile } from "./compile.mjs";
import { runtimeProgram } from "./runtimes.mjs";
import { root, run } from "./tools.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "dry-run": { type: "boolean", default: false } },
});
const source = fileURLToPath(root);
const folder = resolve(source, positionals[0] ?? ".cache/jsr");
const { name, version, license, exports, publish } = JSON.parse(
  readFileSync(join(source, "deno.json"), "utf8"),
);

/** Adds to the compiled entry the reference to its types. Returns the entry's file. */
function typed(entry) {
  const compiled = `./js/${entry.replace(/^\.\/(.*)\.ts$/, "$1.js")}`;
  const file = join(folder, compiled);
  writeFileSync(file, `/* @ts-self-types=".${entry}" */\n${readFileSync(file, "utf8")}`);
  return compiled;
}

// Only its own folder is emptied: another one may hold anything.
if (positionals.length === 0) rmSync(folder, { recursive: true, force: true });
else if (existsSync(folder)) throw new Error(`there is ${folder} already`);
mkdirSync(folder, { recursive: true });
for (const path of publish.include) {
  cpSync(join(source, path), join(folder, path), { recursive: true });
}
await compile(folder);
const compiled = Object.entries(exports).map(([path, entry]) => [path, typed(entry)]);
writeFileSync(
  join(folder, "deno.json"),
  `${
    JSON.stringify(
      // Git ignores the folder, and so would `deno publish`.
      {
        name,
        version,
        license,
        exports: Object.fromEntries(compiled),
        publish: { exclude: ["!**"] },
      },
      null,
      2,
    )
  }\n`,
);
if (values["dry-run"]) {
  process.exitCode = run(runtimeProgram("deno"), [
    "publish",
    "--dry-run",
    "--allow-dirty",
    "--config",
    join(folder, "deno.json"),
  ]);
}
