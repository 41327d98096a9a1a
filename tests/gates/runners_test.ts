// SPDX-License-Identifier: MIT
/** `npm test` counts the runners' reports; a dead runner and an uncaught error are failures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeno } from "../support/child.ts";
import { RepositoryCopy } from "../support/repository_copy.ts";

/** Longest that both runners may take, in milliseconds. */
const LIMIT_MS = 60_000;

const skip = isDeno && "the scripts are programs of their own: one runtime's runner is enough";

/** A file of tests: one that passes, and `more`. */
const file = (more: string) => `
import process from "node:process";
import { test } from "node:test";
test("one that passes", () => {});
${more}
`;

/**
 * Runs test files of these sources in `folder`, named or, with `asSet`, as a set. Returns what
 * `npm test` prints of them.
 */
async function outputOf(
  sources: Record<string, string>,
  folder: string,
  asSet: boolean,
): Promise<string> {
  using copy = new RepositoryCopy();
  if (asSet) copy.replace("scripts/runners/sets.mjs", 'filesIn("tests")', `filesIn("${folder}")`);
  for (const [name, more] of Object.entries(sources)) {
    copy.write(`${folder}/${name}_test.ts`, file(more));
  }
  await using run = copy.start("scripts/test.mjs", [asSet ? "--set=all" : folder], LIMIT_MS);
  const { code } = await run.exit;
  const { text } = run.stdout;
  const [sum, , failed] = /\n(\d+) passed, (\d+) failed\n$/.exec(text) ?? [];
  assert.ok(sum !== undefined, `${text}${run.stderr.text}`);
  assert.equal(code, failed === "0" ? 0 : 1);
  return text;
}

/** A test of the last line and of the repeated failures. */
function printed(
  what: string,
  sources: Record<string, string>,
  sum: string,
  ...repeated: RegExp[]
): void {
  printedIn("tests/planted", what, sources, sum, ...repeated);
}

/** As {@linkcode printed}, of tests that are all of a set. */
function printedOfSet(
  what: string,
  sources: Record<string, string>,
  sum: string,
  ...repeated: RegExp[]
): void {
  printedIn({ set: "tests/planted" }, what, sources, sum, ...repeated);
}

/** As {@linkcode printed}, of tests in a folder. */
function printedIn(
  place: string | { readonly set: string },
  what: string,
  sources: Record<string, string>,
  sum: string,
  ...repeated: RegExp[]
): void {
  test(what, { skip, timeout: LIMIT_MS }, async () => {
    const [folder, asSet] = typeof place === "string" ? [place, false] : [place.set, true];
    const text = await outputOf(sources, folder, asSet);
    assert.ok(text.endsWith(`\n${sum}\n`), text);
    for (const pattern of repeated) assert.match(text, pattern);
  });
}

printed(
  "tests that pass are a line a file, and nothing else",
  { first: "", second: 'test("one that is skipped", { skip: "why" }, () => {});' },
  "4 passed, 0 failed",
  /^ok {3}Bun .* tests\/planted\/first_test\.ts: 1 tests\nok {3}Bun .* tests\/planted\/second_test\.ts: 2 tests$/m,
  /^ok {3}Deno .* tests\/planted\/first_test\.ts: 1 tests\nok {3}Deno .* tests\/planted\/second_test\.ts: 2 tests$/m,
);

printed(
  "a test that fails is named at once, and its error is repeated at the end",
  { planted: 'test("one that fails", () => { throw new Error("<planted>"); });' },
  "2 passed, 2 failed",
  /^FAIL Bun tests\/planted\/planted_test\.ts: one that fails$/m,
  /^FAIL Deno tests\/planted\/planted_test\.ts: one that fails$/m,
  /^! Bun, tests\/planted\/planted_test\.ts: one that fails\n! Error: <planted>$/m,
  /^! Deno, tests\/planted\/planted_test\.ts: one that fails\n! Error: <planted>$/m,
);

printed(
  "a module that throws is a failure, though Deno reports success",
  { planted: 'throw new Error("of the module");' },
  "1 passed, 2 failed",
  /^! Bun ended with status 1, and without a result of any file/m,
  /^! Deno, tests\/planted\/planted_test\.ts: uncaught error\n! Error: of the module$/m,
);

printed(
  "a promise that is rejected is a failure, though Deno reports success",
  {
    planted: `test("one that rejects", () => { Promise.reject(new Error("of a promise")); });
      test("one that waits", () => new Promise((resolve) => setTimeout(resolve, 20)));`,
  },
  "5 passed, 2 failed",
  /^! Bun, .*: one that rejects\n! Error: of a promise$/m,
  /^! Deno, tests\/planted\/planted_test\.ts: uncaught error\n! Error: of a promise$/m,
);

printed(
  "a runner that dies is a failure, and the last file that it began is named",
  { planted: 'test("one that kills", () => { process.kill(process.pid, "SIGKILL"); });' },
  "0 passed, 2 failed",
  /^! Bun ended with signal SIGKILL, and without .* began was tests\/planted\/planted_test\.ts$/m,
  /^! Deno ended with signal SIGKILL, and without .* began was tests\/planted\/planted_test\.ts$/m,
);

/** A test that fails on the first attempt under each runner. */
const FAILS_ONCE = `
  import { existsSync, writeFileSync } from "node:fs";
  test("one that fails once", () => {
    const marker = new URL("marker-" + ("Deno" in globalThis), import.meta.url);
    if (existsSync(marker)) return;
    writeFileSync(marker, "");
    throw new Error("<once>");
  });`;

printed(
  "a test of ours that fails once is a failure, if it was named",
  { planted: FAILS_ONCE },
  "2 passed, 2 failed",
);

printedIn(
  "tests/clients/planted",
  "a test that needs other programs gets a second attempt, which is told",
  { planted: FAILS_ONCE },
  "4 passed, 0 failed",
  /^again: tests\/clients\/planted\/planted_test\.ts$/m,
  /^failed once, and passed again: Bun, .*: one that fails once\n! Error: <once>$/m,
  /^failed once, and passed again: Deno, .*: one that fails once\n! Error: <once>$/m,
);

printedOfSet(
  "a test of a set that fails once gets a second attempt, which is told",
  { planted: FAILS_ONCE, second: "" },
  "6 passed, 0 failed",
  /^2 test files under Bun and Deno, side by side:$/m,
  /^again: tests\/planted\/planted_test\.ts\nok {3}Bun/m,
  /^again: tests\/planted\/planted_test\.ts\nok {3}Deno/m,
  /^failed once, and passed again: Bun, .*: one that fails once\n! Error: <once>$/m,
  /^failed once, and passed again: Deno, .*: one that fails once\n! Error: <once>$/m,
);

printedOfSet(
  "a test of a set that fails on both attempts is a failure",
  { planted: 'test("one that fails", () => { throw new Error("<planted>"); });' },
  "2 passed, 2 failed",
  /^! Bun, .*: one that fails\n! Error: <planted>$/m,
  /^! Deno, .*: one that fails\n! Error: <planted>$/m,
);

printedOfSet(
  "a runner of a set that dies gets no second attempt",
  { planted: 'test("one that kills", () => { process.kill(process.pid, "SIGKILL"); });' },
  "0 passed, 2 failed",
);

printedIn(
  "tests/clients/planted",
  "a test that fails on both attempts is a failure, whatever program it needs",
  { planted: 'test("one that fails", () => { throw new Error("<planted>"); });' },
  "2 passed, 2 failed",
  /^! Bun, .*: one that fails\n! Error: <planted>$/m,
);

printedIn(
  "tests/clients/planted",
  "a runner that dies gets no second attempt",
  { planted: 'test("one that kills", () => { process.kill(process.pid, "SIGKILL"); });' },
  "0 passed, 2 failed",
);
