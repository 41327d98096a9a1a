// SPDX-License-Identifier: MIT
/**
 * docs/architecture.md is true: every file and name in it exists, and its pictures are those of the
 * imports.
 *
 * A name is written as `Class.member` or `name`, followed by " in " and the link of its file.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENT = "docs/architecture.md";
const page = readFileSync(join(ROOT, DOCUMENT), "utf8");

/** A file that the page names, and the names that it says are declared there. */
interface Named {
  readonly file: string;
  readonly names: readonly string[];
}

/** Every link to a source file, with the names in front of it. */
function namedIn(text: string): Named[] {
  const joined = text.replaceAll(/\s+/g, " ");
  const found = joined.matchAll(/((?:`[^`]+`,? (?:and )?)*)(in )?\[[^\]]+\]\(\.\.\/([^)]+\.ts)\)/g);
  return [...found].map(([, names, within, file]) => ({
    file,
    names: within === undefined ? [] : [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  }));
}

/** Matches a declaration of `name` at the top of a file. */
const topLevel = (name: string) =>
  new RegExp(
    `^(?:export )?(?:declare )?(?:abstract )?(?:async )?` +
      `(?:class|interface|type|function\\*?|const|let) ${name}\\b`,
    "m",
  );

/** Matches a declaration of the member `name` of a class or an interface. */
const memberOf = (name: string) =>
  new RegExp(
    `^ {2}(?:(?:static|readonly|override|protected|private|abstract|declare|async|get|set) )*` +
      `\\*?${name}\\??(?:[(<:;]| =)`,
    "m",
  );

/** The text of the class or interface `name` in `source`; "" if it has none. */
function bodyOf(source: string, name: string): string {
  const start = topLevel(name).exec(source)?.index;
  if (start === undefined) return "";
  const end = source.indexOf("\n}", start);
  return source.slice(start, end < 0 ? undefined : end);
}

/** What is wrong with a name of the page, or null. */
function faultOf(source: string, name: string): string | null {
  const [first, member] = name.replace(/\(\)$/, "").split(".");
  if (!topLevel(first).test(source)) return `declares no ${first}`;
  if (member === undefined || memberOf(member).test(bodyOf(source, first))) return null;
  return `has no ${member} in ${first}`;
}

test(`every file and name in ${DOCUMENT} exists`, () => {
  const named = namedIn(page);
  assert.ok(named.flatMap(({ names }) => names).length > 150, "the page names too little");
  const faults = named.flatMap(({ file, names }) => {
    if (!existsSync(join(ROOT, file))) return [`there is no ${file}`];
    const source = readFileSync(join(ROOT, file), "utf8");
    return names.flatMap((name) => {
      const fault = faultOf(source, name);
      return fault === null ? [] : [`${name}: ${file} ${fault}`];
    });
  });
  const advice = `${DOCUMENT} names what is not there. After a rename, write the new name there:`;
  assert.equal(faults.length, 0, [advice, ...new Set(faults)].join("\n"));
});

test("an undeclared name is found", () => {
  const source = 'export class A {\n  b(): void {\n    this.c("d");\n  }\n  readonly #e = 1;\n}\n';
  const names = ["A", "A.b", "A.#e", "A.c", "A.d", "B", "B.b", "b"];
  assert.deepEqual(names.filter((name) => faultOf(source, name) === null), ["A", "A.b", "A.#e"]);
});

test(`the diagrams in ${DOCUMENT} match the imports`, () => {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-architecture-"));
  const copy = join(folder, "copy.md");
  const run = (...args: string[]) =>
    spawnSync("node", ["scripts/architecture.mjs", ...args], { cwd: ROOT, encoding: "utf8" });
  try {
    const { status, stderr } = run("--check");
    assert.equal(status, 0, stderr);
    // The check finds a picture with one arrow less, and the script draws it again.
    const arrow = /^ {2}src_fd --> src_netpoll\n/m;
    assert.match(page, arrow);
    writeFileSync(copy, page.replace(arrow, ""));
    assert.equal(run("--check", copy).status, 1);
    assert.equal(run(copy).status, 0);
    assert.equal(readFileSync(copy, "utf8"), page);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
