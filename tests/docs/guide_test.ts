// SPDX-License-Identifier: MIT
/**
 * The programs of docs/guide: a block that begins with its name, and has its output behind it, is run
 * beside the others of its page and prints just that.
 */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeno, ROOT, start } from "../support/child.ts";

const root = new URL("../../", import.meta.url);
const LIFETIME_MS = 100_000;
const CERTIFICATE = ["tests/fixtures/tls/server.cert.pem", "tests/fixtures/tls/server.key.pem"];

const PAGES: readonly string[] = readdirSync(new URL("docs/guide/", root))
  .filter((name) => name.endsWith(".md"));

/** A program of a page. */
interface Program {
  readonly name: string;
  readonly source: string;
  /** What it prints, or null for one that others load or that goes on. */
  readonly output: string | null;
}

function programsOf(page: string): Program[] {
  const text = readFileSync(new URL(`docs/guide/${page}`, root), "utf8");
  const found = text.matchAll(
    /^```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```$)?/gm,
  );
  return [...found].map(([, name, source, output = null]) => ({ name, source, output }));
}

/** `source` as it runs in this repository. */
function here(source: string): string {
  return source.replaceAll(
    /"@netpoll\/netpoll(?:\/(\w+))?"/g,
    (_, part = "mod") => JSON.stringify(new URL(`${part}.ts`, root).href),
  );
}

/** Writes the programs of a page into a folder, with what they read. */
function write(page: string, folder: string): void {
  for (const { name, source } of programsOf(page)) writeFileSync(join(folder, name), here(source));
  const [cert, key] = CERTIFICATE.map((file) => fileURLToPath(new URL(file, root)));
  cpSync(cert, join(folder, "cert.pem"));
  cpSync(key, join(folder, "key.pem"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
}

/** The command that runs a program of a folder in that folder. */
function command(folder: string, name: string): string[] {
  const config = fileURLToPath(new URL("deno.json", root));
  const args = isDeno ? ["run", "-A", "--no-check", "--config", config] : [];
  return [
    "sh",
    "-c",
    'cd "$0" && exec "$@"',
    folder,
    process.execPath,
    ...args,
    join(folder, name),
  ];
}

for (const page of PAGES) {
  for (const { name, output } of programsOf(page)) {
    if (output === null) continue;
    test(`${name} of docs/guide/${page} prints what the page says`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "netpoll-guide-"));
      try {
        write(page, folder);
        const [file, ...args] = command(folder, name);
        await using child = start(file, args, { lifetime: LIFETIME_MS });
        const exit = await child.exit;
        const { stdout, stderr } = child;
        assert.equal(stdout.text, output, stderr.text);
        assert.deepEqual(exit, { code: 0, signal: null }, stderr.text);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}

/** A command of a page that runs one of its programs on Deno with the flags that the page names. */
interface FlaggedCommand {
  readonly flags: string[];
  readonly program: Program;
}

/** The flags of a page: in lines of a shell or of systemd, and in a Dockerfile's CMD. */
function flaggedCommands(page: string): FlaggedCommand[] {
  const text = readFileSync(new URL(`docs/guide/${page}`, root), "utf8");
  const lines = [...text.matchAll(/\bdeno run ((?:--\S+ )+)(?:\S*\/)?(\w+\.ts)/g)]
    .map(([, flags, name]) => [...flags.trim().split(" "), name]);
  const images = [...text.matchAll(/^CMD (\["run",.*\])$/gm)]
    .map(([, list]) => (JSON.parse(list) as string[]).slice(1));
  return [...lines, ...images].map((words) => {
    const program = programsOf(page).find(({ name }) => name === words.at(-1));
    assert.ok(program !== undefined, `${page} has no ${words.at(-1)}`);
    return { flags: words.slice(0, -1), program };
  });
}

/** Any free port, in a program and in its flags. */
const freePort = (text: string) => text.replaceAll(":8080", ":0");

/** A flag as this repository needs it: workers are started from its modules, not from a bundle. */
const flagHere = (flag: string) =>
  freePort(flag).replace(/^--allow-read=.*/, (all) => `${all},${ROOT}`);

/** Runs a program to its end, or to SIGTERM if it is a server; checks what it prints. */
async function obeys(folder: string, { flags, program }: FlaggedCommand): Promise<void> {
  const [file, ...args] = command(folder, program.name);
  const at = args.indexOf("-A");
  args.splice(at, 1, "--no-prompt", ...flags.map(flagHere));
  await using child = start(file, args, { lifetime: LIFETIME_MS });
  if (program.output === null) {
    await child.stdout.match(/listening on /);
    child.kill("SIGTERM");
  }
  const exit = await child.exit;
  assert.deepEqual(exit, { code: 0, signal: null }, child.stderr.text);
  assert.equal(child.stderr.text, "");
  if (program.output !== null) assert.equal(child.stdout.text, program.output);
}

const noFlags = !isDeno
  ? "Bun has no permissions"
  : process.platform !== "linux" || process.arch !== "x64"
  ? "the pages name the C library of Linux on x86-64"
  : false;

for (const page of PAGES) {
  for (const [i, found] of flaggedCommands(page).entries()) {
    const title = `command ${i + 1} of docs/guide/${page} names all flags of ${found.program.name}`;
    test(title, { skip: noFlags }, async () => {
      const folder = mkdtempSync(join(tmpdir(), "netpoll-guide-"));
      try {
        write(page, folder);
        const path = join(folder, found.program.name);
        writeFileSync(path, freePort(readFileSync(path, "utf8")));
        await obeys(folder, found);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}

test("every page of the guide has a program", () => {
  assert.ok(PAGES.length >= 12, PAGES.join());
  for (const page of PAGES) assert.ok(programsOf(page).length > 0, page);
});
