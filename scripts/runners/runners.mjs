// SPDX-License-Identifier: MIT
/** The two test runners: their command lines, and the formats of their progress lines. */
import { program } from "../programs.mjs";

/** Maximum duration of a test in milliseconds. */
const LIMIT = "120000";

/**
 * Arguments for Bun to run test files and write a JUnit report. A path without "./" would be a
 * pattern.
 */
function bunTest(files, report) {
  const to = ["--reporter=junit", `--reporter-outfile=${report}`];
  return ["test", "--timeout", LIMIT, ...to, ...files.map((file) => `./${file}`)];
}

/** Arguments for Deno to run test files and write a JUnit report. */
function denoTest(files, report) {
  const preload = "--preload=tests/support/uncaught.ts";
  return ["test", "-A", "--no-check", preload, `--junit-path=${report}`, ...files];
}

/** Patterns of the lines for the start of a file, the end of a test, and the summary. */
const BUN_LINES = {
  begins: /^(\S+_test\.ts):$/,
  ended: /^\((?<result>pass|fail|skip)\) (?<name>.*?)(?: \[[\d.]+m?s\])?$/,
  summary: /^\d+ tests? (?:failed|skipped|todo):$/,
};
const DENO_LINES = {
  begins: /^running \d+ tests? from (\S+)$/,
  ended: /^(?<name>.*?) ?\.\.\. (?<result>ok|FAILED|ignored)\b/,
  summary: /^ ERRORS$/,
};

/**
 * Returns the two runners. `start` returns the command line of "bun" or "deno" with arguments, and
 * `pathOf` the path of a file as they report it. Deno's report names the file of the call that
 * created a test, which may be a helper's.
 */
export function runners(start, suffix = "", pathOf = (path) => path) {
  return [
    {
      name: `Bun${suffix}`,
      command: (files, report) => start("bun", ...bunTest(files, report)),
      pathOf,
      reportNamesFiles: true,
      ...BUN_LINES,
    },
    {
      name: `Deno${suffix}`,
      command: (files, report) => start("deno", ...denoTest(files, report)),
      pathOf,
      reportNamesFiles: false,
      ...DENO_LINES,
    },
  ];
}

/** The runners of this system. */
export const RUNNERS = runners(program);
