// SPDX-License-Identifier: MIT
/** Explorations as tests of bun:test, Deno.test and node:test: what a failing one prints. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { simTest, type SimTestOptions } from "../../sim.ts";
import { isDeno } from "../support/child.ts";
import { onWindows } from "../support/harness.ts";
import { channels } from "./explore_programs.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a fixture by this runtime's test runner. Returns its status and what it printed. */
function run(fixture: string, replay: string | undefined, ...args: string[]) {
  const file = `./tests/sim/fixtures/${fixture}.ts`;
  const { status, stdout, stderr } = spawnSync(
    fileURLToPath(new URL(`../../node_modules/.bin/${isDeno ? "deno" : "bun"}`, import.meta.url)),
    isDeno
      ? ["test", "--no-check", "--no-prompt", "--allow-env=NETPOLL_SIM", ...args, file]
      : ["test", ...args, file],
    {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", NETPOLL_SIM: replay ?? "" },
    },
  );
  return { status, output: stdout + stderr };
}

for (const runner of ["node", isDeno ? "deno" : "bun"]) {
  test(`a failing test of ${runner} prints the command that reproduces its run`, {
    skip: onWindows && "the runtime is not started under Wine",
  }, () => {
    const { status, output } = run(`runner_${runner}`, undefined);
    assert.notEqual(status, 0, output);
    assert.match(output, isDeno ? /is right \.\.\. ok/ : /\(pass\) is right/);
    const found = /repeat it by NETPOLL_SIM=(\S+) (bun|deno) test (.*)$/m.exec(output);
    assert.ok(found, output);
    const [, replay, command, args] = found;
    assert.equal(command, isDeno ? "deno" : "bun");
    const name = isDeno ? "is wrong (it'\\''s planted)" : "is wrong \\(it'\\''s planted\\)";
    assert.ok(args.endsWith(`'${name}'`), args);
    const unquoted = name.replaceAll("'\\''", "'");
    const again = run(`runner_${runner}`, replay, isDeno ? "--filter" : "-t", unquoted);
    assert.notEqual(again.status, 0, again.output);
    assert.match(again.output, /seen between two writes: 2/);
    assert.doesNotMatch(again.output, /found by run/);
    assert.ok(again.output.includes(`NETPOLL_SIM=${replay} `), again.output);
  });
}

test("the arguments are checked when the test is registered", () => {
  const register = () => assert.fail("registered");
  const wrong: [SimTestOptions, RegExp][] = [
    [{ runs: 0 }, /runs must be/],
    [{ timeout: 0 }, /timeout must be/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => simTest(register, "a test", options, channels), message);
  }
  assert.throws(() => simTest(1 as never, "a test", {}, channels), /test must be a function/);
  assert.throws(() => simTest(register, 1 as never, {}, channels), /name must be a string/);
  assert.throws(() => simTest(register, "a test", {}, 1 as never), /main must be a function/);
});
