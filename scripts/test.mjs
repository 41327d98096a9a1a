// SPDX-License-Identifier: MIT
/**
 * `npm test`: runs the gates of `npm run ok`, then the tests under both runtimes. Prints a line per
 * finished gate and test file, then the failures, and finally one line with the totals. With
 * arguments: only those directories or files of tests, without gates; `--set=NAME` selects a set of
 * scripts/runners/sets.mjs.
 */
import process from "node:process";
import { lineOf, runGates } from "./gates/run.mjs";
import { GATES } from "./gates/table.mjs";
import { runTests } from "./runners/run.mjs";
import { RUNNERS } from "./runners/runners.mjs";
import { filesIn, testSet } from "./runners/sets.mjs";

const args = process.argv.slice(2);
const gates = args.length === 0;
const set = gates ? "all" : args.map((arg) => /^--set=(\w+)$/.exec(arg)?.[1]).find(Boolean);
const { files, leftOut } = set === undefined
  ? { files: args.flatMap(filesIn), leftOut: [] }
  : testSet(set);

/** Tests that start programs of others, which occasionally fail by themselves. */
const OUTSIDE = /^tests\/(clients|system)\//;

let passed = 0;
const failures = [];
/** Failures of tests that passed on the second attempt. */
const unsteady = [];

async function checkGates() {
  const results = await runGates([], (result) => console.log(lineOf(result)));
  const failed = results.filter(({ ok }) => !ok);
  passed += results.length - failed.length;
  failures.push(...failed.map(({ failure }) => failure));
}

/**
 * Counts the results of a first run. With `mayRepeat`, files with failed tests run once more: a
 * fault of the library fails twice, and what failed only once is listed at the end.
 */
async function settle(runner, first, mayRepeat) {
  const { failedFiles } = first;
  passed += first.passed;
  if (failedFiles.length === 0 || !mayRepeat) {
    failures.push(...first.failures);
    return;
  }
  console.log(`again: ${failedFiles.join(" ")}`);
  const second = await runTests(runner, failedFiles);
  failures.push(...second.failures);
  if (second.failures.length > 0) return;
  passed += first.failures.length;
  unsteady.push(...first.failures);
}

/** Runs the given files under one runtime after the other. */
async function runInTurn() {
  for (const runner of RUNNERS) {
    console.log(`\n${files.length} test files under ${runner.name}:`);
    const first = await runTests(runner, files);
    await settle(runner, first, first.failedFiles.every((file) => OUTSIDE.test(file)));
  }
}

/**
 * Runs a set under both runtimes at a time, as most tests wait for most of their time. What fails
 * while the machine is so busy has to pass alone.
 */
async function runSideBySide() {
  console.log(`\n${files.length} test files under ${names}, side by side:`);
  const firsts = await Promise.all(RUNNERS.map((runner) => runTests(runner, files)));
  for (const [i, first] of firsts.entries()) await settle(RUNNERS[i], first, true);
}

const names = RUNNERS.map(({ name }) => name).join(" and ");
console.log(
  `${gates ? `${GATES.length} gates, then ` : ""}${files.length} test files under ${names}`,
);
for (const [path, reason] of leftOut) console.log(`left out: ${path} (${reason})`);
if (gates) await checkGates();
await (set === undefined ? runInTurn() : runSideBySide());
for (const failure of unsteady) console.log(`\nfailed once, and passed again: ${failure.slice(2)}`);
for (const failure of failures) console.log(`\n${failure}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
