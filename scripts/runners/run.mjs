// SPDX-License-Identifier: MIT
/** Runs test files with one runner, in one process, and counts the results of its report. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { quoted } from "../failures.mjs";
import { capture, ROOT } from "../programs.mjs";
import { testCases } from "./junit.mjs";
import { Progress } from "./progress.mjs";

/** Folder of the reports. */
const REPORTS = join(ROOT, ".cache", "junit");
/** Number of runs so far: several may be in progress. */
let runs = 0;

/** Returns the failed tests: the file of each, and a text to repeat. */
function failedTests(runner, cases, progress) {
  return cases.filter(({ failure }) => failure !== null).map((failed) => {
    const file = progress.failed.get(failed.name) ?? failed.file;
    return { file, text: quoted(`${runner.name}, ${file}: ${failed.name}`, failed.failure) };
  });
}

/** Returns the errors outside tests that tests/support/uncaught.ts has recorded. */
function uncaughtErrors(runner, file) {
  if (!existsSync(file)) return [];
  const errors = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  return errors.map(({ module, text }) => {
    const file = module.replace(runner.pathOf(ROOT), "");
    return quoted(`${runner.name}, ${file}: uncaught error`, text);
  });
}

/** Returns the failure of a runner that lost a file, or that failed without a failed test. */
function failedRunner(runner, files, cases, progress, { status, signal, output }) {
  const named = runner.reportNamesFiles ? cases.map(({ file }) => file) : progress.files;
  const seen = new Set(cases.length > 0 ? named : []);
  const lost = files.filter((file) => !seen.has(file));
  const failed = cases.some(({ failure }) => failure !== null);
  if (lost.length === 0 && (status === 0 || failed)) return [];
  const end = signal === null ? `status ${status}` : `signal ${signal}`;
  const what = lost.length === 0
    ? "though no test failed"
    : `and without a result of ${lost.length === files.length ? "any file" : lost.join(", ")}`;
  const last = progress.files.at(-1);
  const where = last === undefined ? "before any file" : `the last file that it began was ${last}`;
  return [quoted(`${runner.name} ended with ${end}, ${what}; ${where}`, output)];
}

/**
 * Runs `files` with `runner`. A file without a result is a failure: the runner may have crashed in
 * it. Resolves to the number of passed tests, a text for each failure, and the files of the failed
 * tests unless something else failed as well.
 */
export async function runTests(runner, files, options = {}) {
  mkdirSync(REPORTS, { recursive: true });
  const name = `${process.pid}-${runs++}`;
  const report = join(REPORTS, `${name}.xml`);
  const uncaught = join(REPORTS, `${name}.jsonl`);
  const remove = () => [report, uncaught].forEach((file) => rmSync(file, { force: true }));
  const progress = new Progress(runner);
  remove();
  const ended = await capture(runner.command(files, runner.pathOf(report)), {
    ...options,
    env: { ...options.env, NETPOLL_UNCAUGHT: runner.pathOf(uncaught) },
    onText: (text) => progress.add(text),
  });
  progress.end();
  const cases = testCases(report);
  const failed = failedTests(runner, cases, progress);
  const failures = [
    ...failed.map(({ text }) => text),
    ...uncaughtErrors(runner, uncaught),
    ...failedRunner(runner, files, cases, progress, ended),
  ];
  remove();
  const passed = cases.filter(({ failure, skipped }) => failure === null && !skipped).length;
  const onlyTests = failures.length === failed.length;
  const failedFiles = onlyTests ? [...new Set(failed.map(({ file }) => file))] : [];
  return { passed, failures, failedFiles, ended };
}
