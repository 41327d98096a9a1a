// SPDX-License-Identifier: MIT
/**
 * `npm run site`: builds the website from README.md, docs and the doc comments, with VitePress and
 * `deno doc --html`, into an ignored directory. `node scripts/site.mjs [FOLDER]`; `.cache/site` by
 * default. `npx vitepress preview .cache/site-source` serves it.
 */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { capture, program, ROOT } from "./programs.mjs";
import { writePages } from "./site/pages.mjs";

const SOURCE = join(ROOT, ".cache", "site-source");
const ENTRIES = ["mod.ts", "poll.ts", "event.ts", "reactor.ts", "sim.ts", "debug.ts"];

/** Runs a command; if it fails, prints its output and exits. */
async function must(command) {
  const { status, output } = await capture(command);
  if (status === 0) return;
  console.error(output);
  process.exit(1);
}

const target = resolve(process.argv[2] ?? join(ROOT, ".cache", "site"));
rmSync(SOURCE, { recursive: true, force: true });
rmSync(target, { recursive: true, force: true });
const count = writePages(SOURCE);
cpSync(join(ROOT, "scripts/site/config.mjs"), join(SOURCE, ".vitepress/config.mjs"));
cpSync(join(ROOT, "scripts/site/theme.mjs"), join(SOURCE, ".vitepress/theme/index.mjs"));
cpSync(
  createRequire(import.meta.url).resolve("@mermaid-js/tiny"),
  join(SOURCE, "public/mermaid.js"),
);
writeFileSync(join(SOURCE, "package.json"), '{ "type": "module" }\n');
await must(program("vitepress", "build", SOURCE, "--outDir", target));
await must(
  program("deno", "doc", "--html", "--name=netpoll", `--output=${join(target, "api")}`, ...ENTRIES),
);
console.log(`${count} pages and the API reference in ${target}`);
