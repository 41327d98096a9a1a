// SPDX-License-Identifier: MIT
/**
 * Runs the tests under Bun for Windows and Deno for Windows, in Wine, and finally prints one line
 * with the totals. `node scripts/test_wine.mjs FOLDER [file or folder of tests]...`, where FOLDER
 * is a directory that scripts/wine.sh created.
 *
 * Everything runs on one processor: Wine's system calls go through a server process, and across two
 * processors each call takes ten times as long. One file at a time, for the same reason.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { runTests } from "./runners/run.mjs";
import { RUNNERS, runners } from "./runners/runners.mjs";
import { filesIn, notForBunUnderWine, testSet } from "./runners/sets.mjs";
import { capture } from "./programs.mjs";

const [folder, ...given] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node scripts/test_wine.mjs FOLDER [file or folder of tests]...");
  process.exit(2);
}

/** Maximum duration of a file in milliseconds: most take seconds, but a machine may be busy. */
const LIMIT_MS = 300_000;
/** The processor; not the first, which has most of a machine's background work. */
const PROCESSOR = String(availableParallelism() - 1);

const inWine = (program, ...args) => [
  "taskset",
  "-c",
  PROCESSOR,
  `${folder}/wine`,
  `${folder}/${program}.exe`,
  ...args,
];
const [BUN, DENO] = runners(inWine, " for Windows", (path) => `Z:${path}`);

let passed = 0;
const failures = [];
/** Files that passed only on the second attempt. */
const unsteady = [];

/** Ends Wine's own processes and all programs in it. */
async function endWine(why) {
  console.log(why);
  await capture([`${folder}/wine`, "wineserver", "-k"], { timeout: 60_000 });
}

async function runOnce(runner, file) {
  const options = { env: { NETPOLL_WINE: folder }, timeout: LIMIT_MS };
  const result = await runTests(runner, [file], options);
  // Processes started by a hanging file hang as well; the next file starts a new server.
  if (result.ended.signal !== null) await endWine(`${file} took more than ${LIMIT_MS / 1000} s`);
  return result;
}

/**
 * Runs a file, and once more if it fails: on one processor, Wine's server is occasionally late by
 * seconds. A fault of the library fails twice; files that failed once are listed at the end.
 */
async function runFile(runner, file) {
  let result = await runOnce(runner, file);
  if (result.failures.length > 0) {
    console.log(`again: ${file}`);
    const first = result.failures;
    result = await runOnce(runner, file);
    if (result.failures.length === 0) unsteady.push(...first);
  }
  passed += result.passed;
  failures.push(...result.failures);
}

const { files, leftOut } = given.length > 0
  ? { files: given.flatMap(filesIn), leftOut: [] }
  : testSet("wine");
console.log(`${files.length} test files under ${BUN.name} and ${DENO.name}, in Wine`);
for (const [path, reason] of leftOut) console.log(`left out: ${path} (${reason})`);
for (const runner of [BUN, DENO]) {
  for (const file of files) {
    const reason = runner === BUN ? notForBunUnderWine(file) : undefined;
    if (reason === undefined) await runFile(runner, file);
    else console.log(`left out under ${runner.name}: ${file} (${reason})`);
  }
}
// Once, between Wine and this system.
if (given.length === 0) await runFile(RUNNERS[0], "tests/wine/interop_test.ts");
await endWine("\nWine's own processes would linger, and hold our output open: they are ended.");
for (const failure of unsteady) console.log(`\nfailed once, and passed again: ${failure.slice(2)}`);
for (const failure of failures) console.log(`\n${failure}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
