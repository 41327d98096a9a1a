// SPDX-License-Identifier: MIT
/**
 * `npm test`: the checks, then the tests under both runtimes. Prints what each of them prints, and
 * at the end one line with the sum. With arguments: those folders or files of tests alone.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { failureOf } from "./failures.mjs";

/** Folders of tests that need more than Node: CI installs that and names them. */
const NEEDS_MORE = new Set(["system", "fixtures", "wine"]);

const given = process.argv.slice(2);
const places = given.length > 0 ? given : readdirSync("tests", { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !NEEDS_MORE.has(entry.name))
  .map((entry) => `./tests/${entry.name}`);

/** A check counts as one test. */
const CHECKS = [
  ["npx", "tsc", "-p", "."],
  ["deno", "check", "mod.ts", "poll.ts", "event.ts", "reactor.ts", "tests", "examples"],
  ["deno", "fmt", "--check"],
  ["deno", "lint"],
  ["deno", "doc", "--lint", "mod.ts", "poll.ts", "event.ts", "reactor.ts"],
  ["deno", "publish", "--dry-run", "--allow-dirty"],
];

/** A runner, and how its summary tells what passed and what failed. */
const RUNNERS = [
  {
    command: ["bun", "test", "--timeout", "120000", ...places],
    passed: /^ *(\d+) pass$/m,
    failed: /^ *(\d+) fail$/m,
  },
  {
    command: ["deno", "test", "-A", "--no-check", ...places],
    passed: /(\d+) passed/,
    failed: /(\d+) failed/,
  },
];

let passed = 0;
let failed = 0;
/** What each command that failed said of it. */
const told = [];

/** Runs `command` and shows what it prints; gives that and whether it succeeded. */
function show(command) {
  console.log(`\n$ ${command.join(" ")}`);
  const { stdout, stderr, status, error } = spawnSync(command[0], command.slice(1), {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: 1 << 28,
  });
  const output = `${stdout ?? ""}${stderr ?? ""}${error ?? ""}`;
  process.stdout.write(output);
  if (status !== 0) told.push(failureOf(`$ ${command.join(" ")}`, output));
  return { output, ok: status === 0 };
}

function check(command) {
  if (show(command).ok) passed++;
  else failed++;
}

/** A runner that dies without a summary, or fails with none that failed, counts as a failure. */
function runTests({ command, passed: passedIn, failed: failedIn }) {
  const { output, ok } = show(command);
  const count = (pattern) => Number(pattern.exec(output)?.[1] ?? 0);
  const failures = count(failedIn);
  passed += count(passedIn);
  failed += ok ? failures : Math.max(1, failures);
}

if (given.length === 0) CHECKS.forEach(check);
RUNNERS.forEach(runTests);
told.forEach((failure) => console.log(`\n${failure}`));
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
