// SPDX-License-Identifier: MIT
/**
 * Gate: type-checks every program and fragment in README.md, in docs and in doc comments. A block
 * with an import is a program, and is checked unchanged. Any other is a fragment of a goroutine:
 * all exports of the package and the names of docs_names.d.ts are in scope.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { capture, program, ROOT } from "../programs.mjs";
import { modules } from "./imports.mjs";

/** Entries of the package, by the names that they are imported under. */
const ENTRIES = new Map(
  ["mod", "poll", "event", "reactor", "sim", "debug"].map((
    name,
  ) => [name, `@netpoll/netpoll/${name}`]),
);
/** Names that a fragment may use without declaring them. */
const NAMES = fileURLToPath(new URL("docs_names.d.ts", import.meta.url));
/** Modules that a fragment may import. */
const MODULES = fileURLToPath(new URL("docs_modules.d.ts", import.meta.url));

const CONFIG = {
  extends: join(ROOT, "tsconfig.json"),
  compilerOptions: {
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
    paths: {
      "@netpoll/netpoll": [join(ROOT, "mod.ts")],
      "@netpoll/netpoll/*": [join(ROOT, "*.ts")],
      "docs-names": [NAMES],
    },
  },
  include: ["**/*.ts", MODULES],
};

/** Files that may contain blocks, relative to the repository. */
function sources() {
  const pages = readdirSync(join(ROOT, "docs"), { recursive: true })
    .map((name) => name.replaceAll("\\", "/")).filter((name) => name.endsWith(".md"));
  return ["README.md", "DIVERGENCES.md", ...pages.map((page) => `docs/${page}`), ...modules()];
}

/** Returns the TypeScript blocks of a file: the text of each and its first line number. */
function blocksOf(file) {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/^( *(?:\* )?)```ts\n([\s\S]*?)^ *(?:\* )?```/gm)].map((match) => ({
    file,
    line: text.slice(0, match.index).split("\n").length + 1,
    code: match[1].includes("*") ? match[2].replaceAll(/^ *\* ?/gm, "") : match[2],
  }));
}

/** Returns the names that an entry exports. */
async function exportsOf(entry) {
  const { status, stdout, output } = await capture(program("deno", "doc", "--json", `${entry}.ts`));
  if (status !== 0) throw new Error(output);
  const [{ symbols }] = Object.values(JSON.parse(stdout).nodes);
  return symbols.map(({ name }) => name).filter((name) => name !== "default");
}

/** Returns the import declarations of a fragment in `file`: its own entry's names come first. */
function importsFor(file, names) {
  const own = [...ENTRIES.keys()].find((entry) =>
    file === `${entry}.ts` || file.startsWith(`src/${entry}/`)
  );
  const entries = [...names.keys()].sort((a, b) => Number(b === own) - Number(a === own));
  const seen = new Set();
  return entries.map((entry) => {
    const fresh = names.get(entry).filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    return `import { ${fresh.join(", ")} } from "${ENTRIES.get(entry) ?? entry}";`;
  }).join(" ");
}

/** Returns a block as a module with the line numbers of its file. */
function moduleOf({ file, line, code }, names) {
  const lines = "\n".repeat(line - 2);
  if (/^import\b/m.test(code)) return `export {};\n${lines}${code}`;
  const header = importsFor(file, names);
  if (/^export\b/m.test(code)) return `${header}\n${lines}${code}`;
  const kind = /\bawait\b/.test(code) ? "async function*" : "function*";
  return `${header} ${kind} example() {\n${lines}${code}}\n`;
}

/** Returns the path of a block: the one in its first line, if any, so that others can import it. */
function pathOf({ file, line, code }) {
  const name = /^\/\/ (\w+\.ts)$/m.exec(code.split("\n", 1)[0])?.[1];
  return join(file, name ?? `line_${line}.ts`);
}

/** Writes `text`, and creates the directories of its path. */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * Checks the blocks in `folder`. Resolves to the compiler's errors, with their locations in the
 * sources.
 */
async function check(folder, blocks) {
  const names = new Map();
  for (const entry of ENTRIES.keys()) names.set(entry, await exportsOf(entry));
  const own = readFileSync(NAMES, "utf8")
    .matchAll(/^export (?:declare (?:const|function)|interface) (\w+)/gm);
  names.set("docs-names", [...new Set([...own].map(([, name]) => name))]);
  for (const block of blocks) write(join(folder, pathOf(block)), moduleOf(block, names));
  write(join(folder, "tsconfig.json"), JSON.stringify(CONFIG));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const { status, output } = await capture(program("tsc", "-p", folder, "--pretty", "false"), {
    cwd: folder,
  });
  const text = output.replaceAll(/^((?!\.\.)\S+)[\\/]\w+\.ts\((\d+),(\d+)\)/gm, "$1:$2:$3");
  return { ok: status === 0, text };
}

const folder = mkdtempSync(join(tmpdir(), "netpoll-docs-"));
try {
  const blocks = sources().flatMap(blocksOf);
  const { ok, text } = await check(folder, blocks);
  console.log(`${text}${blocks.length} blocks`);
  process.exitCode = ok && blocks.length > 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
