// SPDX-License-Identifier: MIT
/**
 * What JSR is given: whole, within its rules, and nothing that only one runtime has. The package for
 * npm is that of tests/system/package_test.ts.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { onWindows } from "../support/harness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const deno = JSON.parse(read("deno.json"));
const npm = JSON.parse(read("package.json"));

/** What of the registry's limits could be met. */
const MOST_BYTES = 4 << 20;
const MOST_OF_DESCRIPTION = 250;

/** Every file that is published. */
const files: string[] = deno.publish.include.flatMap((path: string) =>
  statSync(join(root, path)).isDirectory()
    ? readdirSync(join(root, path), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    : [path]
);

test("the published package follows the registry's rules", () => {
  assert.ok(files.includes("LICENSE"));
  assert.ok(npm.description.length <= MOST_OF_DESCRIPTION);
  assert.equal(new Set(files.map((file) => file.toLowerCase())).size, files.length);
  for (const file of files) {
    const { size } = statSync(join(root, file));
    assert.ok(size < MOST_BYTES && /^[\w./-]+$/.test(file), file);
  }
});

test("modules import nothing that another runtime lacks, and change no globals", () => {
  const known = Object.keys(npm.dependencies);
  // Examples are programs of their own.
  const modules = files.filter((name) => name.endsWith(".ts") && !name.startsWith("examples/"));
  for (const file of modules) {
    const source = read(file).replaceAll(/\/\*[\s\S]*?\*\//g, "");
    assert.doesNotMatch(source, /declare (global|module)|^\/\/\/ *<reference/m, file);
    for (const [, name] of source.matchAll(/(?:^|\s)(?:from|import) "([\w@.:/-]+)"/g)) {
      if (name.startsWith(".")) {
        assert.ok(existsSync(join(root, dirname(file), name)), `${file} imports ${name}`);
      } else assert.ok(name.startsWith("node:") || known.includes(name), `${file} imports ${name}`);
    }
  }
});

/** Returns what a module imports at once, types left out. */
function imported(file: string): string[] {
  const statements = read(file).matchAll(
    /^(?:import|export) (?!type )(?:[\w\s{},*]+ from )?"([^"\n]+)";/gm,
  );
  return [...statements].map(([, name]) => name);
}

test("importing the library or its events loads no module of Node", () => {
  const hosts: string[] = [];
  const seen = new Set(["mod.ts", "event.ts"]);
  for (const file of seen) {
    for (const name of imported(file)) {
      if (name.startsWith(".")) seen.add(join(dirname(file), name));
      else hosts.push(`${file}: ${name}`);
    }
  }
  assert.ok(seen.has(join("src", "sched", "scheduler.ts")) && seen.size > 300, `${seen.size}`);
  assert.deepEqual(hosts, []);
});

const PROGRAM = `
import { copy, dial, go, listen, run, sleep } from "./package/mod.ts";
await run(function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  go(function* () {
    using conn = yield* listener.accept();
    yield* copy(conn, conn);
  });
  using conn = yield* dial("tcp", String(listener.addr));
  yield* sleep(20); // Long enough for the wait to be handed to whoever waits beside the host's loop.
  const bytes = new TextEncoder().encode("whole");
  yield* conn.write(bytes);
  yield* conn.readFull(bytes);
  console.log(new TextDecoder().decode(bytes));
});
`;

test(
  "a copy of the published package runs without the rest",
  { skip: onWindows && "no links" },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-package-"));
    try {
      for (const file of deno.publish.include) {
        cpSync(join(root, file), join(folder, "package", file), { recursive: true });
      }
      cpSync(join(root, "package.json"), join(folder, "package", "package.json"));
      symlinkSync(join(root, "node_modules"), join(folder, "package", "node_modules"));
      writeFileSync(join(folder, "program.ts"), PROGRAM);
      const config = join(folder, "package", "deno.json");
      const args = "Deno" in globalThis ? ["run", "-A", "--no-check", "--config", config] : [];
      const child = spawnSync(process.execPath, [...args, join(folder, "program.ts")], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.equal(child.stdout, "whole\n", child.stderr);
      assert.equal(child.status, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
