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

test("every page of the guide has a program", () => {
  assert.ok(PAGES.length >= 12, PAGES.join());
  for (const page of PAGES) assert.ok(programsOf(page).length > 0, page);
});
