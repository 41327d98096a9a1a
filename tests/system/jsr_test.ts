// SPDX-License-Identifier: MIT
/**
 * The package as JSR has it: compiled code that runs, and sources for its types and documentation. It
 * is used by its files, where an import map has them.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { isDeno, ROOT, start } from "../support/child.ts";

/** Longest that a test here may take, in milliseconds. */
const TIMEOUT_MS = 120_000;
const ENTRIES = ["mod", "poll", "event", "reactor", "sim", "lint", "debug"];
const JOBS = "export const double = (n: number): number => 2 * n;\n";

mkdirSync(join(ROOT, ".cache"), { recursive: true });
const folder = mkdtempSync(join(ROOT, ".cache", "jsr-"));
after(() => rmSync(folder, { recursive: true }));
const built = output("node", "scripts/jsr.mjs", join(folder, "package"));

/** A program over the package's entry, and over a worker. */
const PROGRAM = `
import { type Conn, dial, go, listen, type Routine, run } from "./package/js/mod.js";
import { openWorkerPool } from "./package/js/reactor.js";

await run(function* (): Routine<void> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const dialing = go(() => dial("tcp", String(listener.addr)));
  using accepted = yield* listener.accept();
  using conn: Conn = yield* dialing.join();
  yield* conn.write(new Uint8Array([1, 2, 3]));
  const n: number | null = yield* accepted.read(new Uint8Array(9));
  using pool = yield* openWorkerPool<typeof import("./jobs.ts")>(
    new URL("./jobs.ts", import.meta.url), { workers: 1 });
  const doubled: number = yield* pool.submit("double", 21);
  console.log(n, doubled);
});
`;

/** Runs a program that must succeed. Resolves to what it printed. */
async function output(file: string, ...args: string[]): Promise<string> {
  await using child = start(file, args, { lifetime: TIMEOUT_MS });
  const exit = await child.exit;
  const { stdout, stderr } = child;
  assert.deepEqual(exit, { code: 0, signal: null }, `${file}: ${stdout.text}${stderr.text}`);
  return stdout.text;
}

/** The names that Deno documents of a module. */
async function documented(module: string): Promise<string[]> {
  const { nodes } = JSON.parse(await output(process.execPath, "doc", "--json", module));
  const [{ symbols }] = Object.values<{ symbols: { name: string }[] }>(nodes);
  return symbols.map(({ name }) => name).sort();
}

test("a program runs over the JSR package, and its types are those of the sources", {
  timeout: TIMEOUT_MS,
}, async () => {
  await built;
  const main = join(folder, "main.ts");
  writeFileSync(main, PROGRAM);
  writeFileSync(join(folder, "jobs.ts"), JOBS);
  const args = isDeno ? ["run", "-A", "--check", main] : [main];
  assert.equal(await output(process.execPath, ...args), "3 42\n");
});

test("a folder that exists is not overwritten", { timeout: TIMEOUT_MS }, async () => {
  await using child = start("node", ["scripts/jsr.mjs", folder]);
  assert.notEqual((await child.exit).code, 0);
  assert.match(child.stderr.text, /there is .* already/);
  assert.ok(existsSync(folder));
});

if (isDeno) {
  test("deno doc has the same names of the JSR package and of the sources", {
    timeout: TIMEOUT_MS,
  }, async () => {
    await built;
    for (const entry of ENTRIES) {
      const names = await documented(join(folder, "package", "js", `${entry}.js`));
      assert.notEqual(names.length, 0);
      assert.deepEqual(names, await documented(join(ROOT, `${entry}.ts`)), entry);
    }
  });
}
