// SPDX-License-Identifier: MIT
/** Links, paths and package scripts that the documentation names are there. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

/** Every page of the documentation. */
const PAGES: readonly string[] = ["", "docs/", "docs/guide/", "bench/", ".github/"].flatMap((
  folder,
) =>
  readdirSync(new URL(folder, root)).filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}${name}`)
);

/** A path of this repository in code: in one of its folders, without a placeholder. */
const PATH = /^(?:src|platforms|tests|scripts|examples|bench|docs|\.github)\/[\w./-]*$/;

/** The anchor of a heading, as the host of the repository makes it. */
function anchorOf(heading: string): string {
  return heading.trim().toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-");
}

/** What is wrong with a link from `page`, or null. */
function faultOfLink(page: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [path, anchor] = target.split("#");
  const file = path === "" ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(new URL(file, root))) return `${page} links to ${file}, which does not exist`;
  if (anchor === undefined || !file.endsWith(".md")) return null;
  const headings = [...readFileSync(new URL(file, root), "utf8").matchAll(/^#+ (.*)$/gm)];
  if (headings.some(([, heading]) => anchorOf(heading) === anchor)) return null;
  return `${page} links to ${target}: there is no such heading`;
}

/** What is wrong with a piece of code on `page`, or null. */
function faultOfCode(page: string, code: string): string | null {
  const script = /^npm (?:run )?([\w:]+)/.exec(code)?.[1];
  if (/^npm (run|start|test)/.test(code) && scripts[script!] === undefined) {
    return `${page}: package.json has no script for "${code}"`;
  }
  if (!PATH.test(code) || existsSync(new URL(code, root))) return null;
  return `${page} names ${code}, which does not exist`;
}

/** Everything that is wrong with a page. */
function faultsOf(page: string, text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => faultOfLink(page, to));
  const code = [...text.matchAll(/`([^`\n]+)`/g)].map(([, each]) => faultOfCode(page, each));
  return [...links, ...code].filter((fault) => fault !== null);
}

test("links, paths and scripts in the documentation exist", () => {
  assert.ok(PAGES.length > 12, PAGES.join());
  const faults = PAGES.flatMap((page) => faultsOf(page, readFileSync(new URL(page, root), "utf8")));
  assert.equal(faults.length, 0, `\n${faults.join("\n")}`);
});

for (
  const text of [
    "[a page](docs/none.md)",
    "[a heading](docs/pollers.md#none)",
    "`src/none.ts`",
    "`npm run none`",
  ]
) {
  test(`a fault is found: ${text}`, () => assert.equal(faultsOf("README.md", text).length, 1));
}
