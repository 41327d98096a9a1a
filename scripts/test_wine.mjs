// SPDX-License-Identifier: MIT
/**
 * Runs the tests under Bun for Windows and Deno for Windows, in Wine, and finally prints one line
 * with the totals. `node scripts/test_wine.mjs FOLDER [file or folder of tests]...`, where FOLDER
 * is a directory that scripts/wine.sh created.
 *
 * Wine's system calls go through a server process, and across two processors each call takes ten
 * times as long. So each runtime has a Wine of its own (a prefix has its own server), everything in
 * it runs on one processor, and one file at a time.
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

/** A Wine: its prefix, and the processor that all in it runs on. */
class Wine {
  #prefix;
  #processor;

  constructor(prefix, processor) {
    this.#prefix = `${folder}/${prefix}`;
    this.#processor = String(Math.max(0, processor));
  }

  get env() {
    return { NETPOLL_WINE: folder, WINEPREFIX: this.#prefix };
  }

  /** The runners of Bun and of Deno in it. */
  get runners() {
    const start = (program, ...args) => [
      "taskset",
      "-c",
      this.#processor,
      `${folder}/wine`,
      `${folder}/${program}.exe`,
      ...args,
    ];
    return runners(start, " for Windows", (path) => `Z:${path}`);
  }

  /** Ends its own processes and all programs in it. */
  async end(why) {
    console.log(why);
    await capture([`${folder}/wine`, "wineserver", "-k"], { env: this.env, timeout: 60_000 });
  }
}

/** The last processors: the first has most of a machine's background work. */
const processors = availableParallelism();
const [forBun, forDeno] = [
  new Wine("prefix", processors - 1),
  new Wine("prefix-deno", processors - 2),
];

let passed = 0;
const failures = [];
/** Files that passed only on the second attempt. */
const unsteady = [];

async function runOnce(wine, runner, file) {
  const result = await runTests(runner, [file], { env: wine.env, timeout: LIMIT_MS });
  // Processes started by a hanging file hang as well; the next file starts a new server.
  if (result.ended.signal !== null) await wine.end(`${file} took more than ${LIMIT_MS / 1000} s`);
  return result;
}

/**
 * Runs a file, and once more if it fails: on one processor, Wine's server is occasionally late by
 * seconds. A fault of the library fails twice; files that failed once are listed at the end.
 */
async function runFile(wine, runner, file) {
  let result = await runOnce(wine, runner, file);
  if (result.failures.length > 0) {
    console.log(`again: ${file}`);
    const first = result.failures;
    result = await runOnce(wine, runner, file);
    if (result.failures.length === 0) unsteady.push(...first);
  }
  passed += result.passed;
  failures.push(...result.failures);
}

/** Runs all files in `wine`, without those that `without` returns a reason for. */
async function runFiles(wine, runner, without) {
  for (const file of files) {
    const reason = without(file);
    if (reason === undefined) await runFile(wine, runner, file);
    else console.log(`left out under ${runner.name}: ${file} (${reason})`);
  }
}

const { files, leftOut } = given.length > 0
  ? { files: given.flatMap(filesIn), leftOut: [] }
  : testSet("wine");
const [bun] = forBun.runners;
const [, deno] = forDeno.runners;
console.log(`${files.length} test files under ${bun.name} and ${deno.name}, in Wine`);
for (const [path, reason] of leftOut) console.log(`left out: ${path} (${reason})`);
await Promise.all([
  runFiles(forBun, bun, notForBunUnderWine),
  runFiles(forDeno, deno, () => undefined),
]);
// Once, between Wine and this system.
if (given.length === 0) await runFile(forBun, RUNNERS[0], "tests/wine/interop_test.ts");
console.log("\nWine's own processes would linger, and hold our output open.");
await forDeno.end("Deno's Wine is ended.");
await forBun.end("Bun's Wine is ended.");
for (const failure of unsteady) console.log(`\nfailed once, and passed again: ${failure.slice(2)}`);
for (const failure of failures) console.log(`\n${failure}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
