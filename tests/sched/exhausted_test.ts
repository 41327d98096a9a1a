// SPDX-License-Identifier: MIT
/** What goes on when the process has no descriptor left. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { onWindows } from "../support/harness.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/exhausted_fixture.ts", import.meta.url));
/** Enough for the runtime's own start. */
const DESCRIPTORS = 128;

/** Runs the fixture with few descriptors and returns its output. */
function exhausted(what: string): string {
  const runtime = "Deno" in globalThis ? "run -A --no-check" : "";
  const script =
    `ulimit -n ${DESCRIPTORS} && exec '${process.execPath}' ${runtime} '${FIXTURE}' ${what}`;
  const { status, signal, stdout, stderr } = spawnSync("bash", ["-c", script], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.deepEqual([status, signal], [0, null], stdout + stderr);
  return stdout;
}

const skip = onWindows && "Windows has no such limit";

test("the first idle wait needs no descriptor", { skip }, () => {
  assert.equal(exhausted("idle"), "without descriptors: hello\nwith descriptors: hello\n");
});

test("copy falls back to reads and writes without descriptors for a pipe", { skip }, () => {
  assert.equal(exhausted("proxy"), "copied 5, arrived 5\n");
});

test("a run whose poller cannot be opened fails with the system's code", { skip }, () => {
  assert.equal(exhausted("begin"), "EMFILE\n");
});
