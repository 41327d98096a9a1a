// SPDX-License-Identifier: MIT
/** Under a profiler, whose signal interrupts every system call about once a millisecond. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { noProc } from "../support/harness.ts";
import { isDeno, start } from "../support/child.ts";

/** So long is each wait. */
const WAIT_MS = 100;
/** Clocks and timers of the host may be early by so much. */
const EARLY_MS = 2;
/** A wait that started anew at each signal would end never, or much later than this. */
const MOST_MS = 20 * WAIT_MS;

const FILE = "tests/system/fixtures/profiled.ts";

test("each wait keeps its time while a profiler interrupts it", { skip: noProc }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "netpoll-"));
  try {
    const flags = ["--cpu-prof", `--cpu-prof-dir=${dir}`];
    const args = isDeno ? ["run", "-A", ...flags, FILE] : [...flags, FILE];
    await using program = start(process.execPath, args, { env: { WAIT_MS: String(WAIT_MS) } });
    assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
    const { here, there } = JSON.parse(program.stdout.text.split("\n")[0]);
    for (const [name, took] of [...Object.entries(here), ...Object.entries(there)]) {
      assert.ok(Number(took) >= WAIT_MS - EARLY_MS, `${name} took ${took} ms`);
      assert.ok(Number(took) < MOST_MS, `${name} took ${took} ms`);
    }
    assert.equal(Object.keys(there).length, 6);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
