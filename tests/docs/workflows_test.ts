// SPDX-License-Identifier: MIT
// cspell:ignore githup
/** The workflows of .github pass their gate, and the gate finds what is wrong with one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TIMEOUT_MS = 60_000;

/** Runs the gate over these files, or over the workflows that are there. */
function gate(...files: string[]): { status: number | null; stdout: string; stderr: string } {
  const args = ["scripts/gates/workflows.mjs", ...files];
  return spawnSync("node", args, { cwd: ROOT, encoding: "utf8" });
}

const GOOD = `on: push
permissions:
  contents: read
jobs:
  test:
    runs-on: macos-26-intel
    steps:
      - uses: actions/checkout@v6
      - run: echo "\${{ github.sha }}"
`;

/** What is changed in a good workflow, and what the gate says of it. */
const FAULTS: readonly (readonly [name: string, from: string, to: string, said: RegExp])[] = [
  ["a key that does not exist", "    steps:", "    step:", /unexpected key "step"/],
  ["a runner that does not exist", "macos-26-intel", "macos-1", /label "macos-1" is unknown/],
  ["an expression that does not parse", "github.sha", "github.", /expecting "IDENT"/],
  ["a context that does not exist", "github.sha", "githup.sha", /undefined variable "githup"/],
  ["an action without its version", "checkout@v6", "checkout@main", /not pinned/],
  ["a token with all permissions", "permissions:\n  contents: read\n", "", /permissions/],
];

test("the workflows pass their check", { timeout: TIMEOUT_MS }, () => {
  const { status, stdout, stderr } = gate();
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^[1-9]\d* workflows, 0 faults$/m);
});

test("the check of workflows finds faults", { timeout: TIMEOUT_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-workflows-"));
  const written = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  try {
    const good = gate(written("good.yml", GOOD));
    assert.equal(good.status, 0, good.stdout + good.stderr);
    const files = FAULTS.map(([name, from, to]) => written(`${name}.yml`, GOOD.replace(from, to)));
    const { status, stdout } = gate(...files);
    assert.equal(status, 1);
    const lines = stdout.split("\n");
    for (const [name, , , said] of FAULTS) {
      assert.match(lines.filter((line) => line.includes(`${name}.yml:`)).join("\n"), said, name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
