// SPDX-License-Identifier: MIT
/**
 * Progress of a test runner: a line for each finished test file. It is parsed from the runner's
 * output, for display only: the results come from the runner's report.
 */

/** Words with which the runners mark a failed test. */
const FAILED = ["fail", "FAILED"];

/** Normalizes a path to the form of the file lists. */
export function plainPath(path) {
  return path.replaceAll("\\", "/").replace(/^\.\//, "");
}

export class Progress {
  /** The files that have started, in order. */
  files = [];
  /** The file of each failed test. */
  failed = new Map();
  #runner;
  #rest = "";
  #start = 0;
  #tests = 0;
  #failures = 0;
  #over = false;

  constructor(runner) {
    this.#runner = runner;
  }

  /** Parses a piece of the runner's output. */
  add(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line.trimEnd());
  }

  /** Finishes the last file when the runner has ended. */
  end() {
    this.#show();
  }

  #line(line) {
    const { begins, ended, summary } = this.#runner;
    if (summary.test(line)) this.#over = true;
    if (this.#over) return;
    const file = begins.exec(line)?.[1];
    if (file !== undefined) return this.#begin(plainPath(file));
    const test = ended.exec(line)?.groups;
    if (test === undefined) return;
    this.#tests++;
    if (!FAILED.includes(test.result)) return;
    this.#failures++;
    this.failed.set(test.name, this.files.at(-1));
    console.log(`FAIL ${this.#runner.name} ${this.files.at(-1)}: ${test.name}`);
  }

  #begin(file) {
    if (!file.endsWith("_test.ts") || file === this.files.at(-1)) return;
    this.#show();
    this.files.push(file);
    this.#start = performance.now();
    this.#tests = this.#failures = 0;
  }

  #show() {
    if (this.files.length === 0) return;
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1).padStart(6);
    const [mark, failed] = this.#failures > 0
      ? ["FAIL", `, ${this.#failures} FAILED`]
      : ["ok  ", ""];
    const { name } = this.#runner;
    console.log(
      `${mark} ${name} ${seconds} s  ${this.files.at(-1)}: ${this.#tests} tests${failed}`,
    );
  }
}
