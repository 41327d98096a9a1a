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

async function runFiles(runner) {
  console.log(`\n${files.length} test files under ${runner.name}:`);
  const first = await runTests(runner, files);
  const { failedFiles } = first;
  passed += first.passed;
  if (failedFiles.length === 0 || !failedFiles.every((file) => OUTSIDE.test(file))) {
    failures.push(...first.failures);
    return;
  }
  // A fault of the library fails twice; what failed once is listed at the end.
  console.log(`again: ${failedFiles.join(" ")}`);
  const second = await runTests(runner, failedFiles);
  failures.push(...second.failures);
  if (second.failures.length > 0) return;
  passed += first.failures.length;
  unsteady.push(...first.failures);
}

const names = RUNNERS.map(({ name }) => name).join(" and ");
console.log(
  `${gates ? `${GATES.length} gates, then ` : ""}${files.length} test files under ${names}`,
);
for (const [path, reason] of leftOut) console.log(`left out: ${path} (${reason})`);
if (gates) await checkGates();
for (const runner of RUNNERS) await runFiles(runner);
for (const failure of unsteady) console.log(`\nfailed once, and passed again: ${failure.slice(2)}`);
for (const failure of failures) console.log(`\n${failure}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
