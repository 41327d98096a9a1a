// SPDX-License-Identifier: MIT
/**
 * Programs as one file. Each is built from a copy of the sources that is then removed, and run in an
 * empty folder: it is idle, serves a connection and ends.
 *
 * `deno compile` is not tried here: it fetches its base program from a server of its own.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { isDeno, ROOT, start } from "../support/child.ts";

const TIMEOUT_MS = 120_000;
const PROGRAM = `
import { dial, go, listen, run, sleep, timerFunc } from "../mod.ts";

await run(function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  go(function* () {
    using conn = yield* listener.accept();
    const buf = new Uint8Array(5);
    yield* conn.readFull(buf);
    yield* conn.write(buf);
  });
  // Long enough to be idle in the host's loop, where Bun starts its helper.
  yield* sleep(50);
  using conn = yield* dial("tcp", String(listener.addr));
  timerFunc(50, function* () {
    yield* conn.write(new TextEncoder().encode("hello"));
  });
  const buf = new Uint8Array(5);
  yield* conn.readFull(buf);
  console.log("echoed", new TextDecoder().decode(buf));
});
`;

/** Builds the program in a copy of the checkout by `command`, in which IN and OUT stand for files. */
function build(command: readonly string[], out: string): void {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const copy = mkdtempSync(join(ROOT, ".cache", "bundle-"));
  try {
    for (const part of ["src", "platforms", "mod.ts"]) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    mkdirSync(join(copy, "app"));
    const file = join(copy, "app", "main.ts");
    writeFileSync(file, PROGRAM);
    const [program, ...args] = command.map((arg) => arg.replace("IN", file).replace("OUT", out));
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: copy, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Builds by `command` and runs by `runner`, in which OUT stands for what was built. */
async function echoes(command: readonly string[], runner: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-bundle-"));
  try {
    const out = join(folder, "main.js");
    build(command, out);
    const [program, ...args] = runner.map((arg) => arg.replace("OUT", out));
    await using child = start(program, args, { lifetime: TIMEOUT_MS });
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
    assert.equal(child.stdout.text, "echoed hello\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const runtime = process.execPath;

/** The builds of this runtime: name, command, and how the result is run. */
const BUILDS: readonly (readonly [name: string, command: string[], runner: string[]])[] = isDeno
  ? [["deno bundle", [runtime, "bundle", "--platform", "deno", "-o", "OUT", "IN"], [
    runtime,
    "run",
    "-A",
    "OUT",
  ]]]
  : [
    ["bun build", [runtime, "build", "--target=bun", "--outfile=OUT", "IN"], [runtime, "OUT"]],
    ["bun build --minify", [
      runtime,
      "build",
      "--target=bun",
      "--minify",
      "--outfile=OUT",
      "IN",
    ], [runtime, "OUT"]],
    ["bun build --compile", [runtime, "build", "--compile", "--outfile=OUT", "IN"], ["OUT"]],
  ];

for (const [name, command, runner] of BUILDS) {
  test(
    `${name}: the program needs nothing beside it`,
    { timeout: TIMEOUT_MS },
    () => echoes(command, runner),
  );
}

/** esbuild makes one file for either. */
test("esbuild: the program needs nothing beside it", { timeout: TIMEOUT_MS }, () =>
  echoes(
    [
      join(ROOT, "node_modules/.bin/esbuild"),
      "IN",
      "--bundle",
      "--format=esm",
      "--platform=node",
      "--external:bun:ffi",
      "--external:@deno/shim-deno",
      "--outfile=OUT",
    ],
    isDeno ? [runtime, "run", "-A", "OUT"] : [runtime, "OUT"],
  ));
