// SPDX-License-Identifier: MIT
/** The tests that the maps in the docs name exist, under those titles. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);

/** A file of tests that a map names, and what it says of titles behind it. */
interface Named {
  readonly file: string;
  readonly titles: readonly string[];
}

/** Those of a list's items or a table's cells: `tests/file.ts`: title; another title. */
function namedIn(map: string): Named[] {
  const text = readFileSync(new URL(map, root), "utf8");
  const pieces = text.split(/\n(?=\||- |#|\n)/).flatMap((piece) =>
    piece.trim().startsWith("|") ? piece.split("|") : [piece]
  );
  const found = pieces.flatMap((piece) => [
    ...piece.replaceAll(/\s+/g, " ").matchAll(/`(tests\/[^`]+\.ts)`(?:: ([^`]*))?/g),
  ]);
  return found.map(([, file, rest = ""]) => ({
    file,
    titles: rest.split("; ").map((title) => title.trim().replace(/[.,;]$/, "")).filter((title) =>
      title !== "" && title !== "all of it"
    ),
  }));
}

/** Letters that a title with holes must have besides, for it to mean one test. */
const LEAST_LETTERS = 8;

/** Whether `file` has a test of that title, as it stands or with holes in it. */
function hasTitle(file: string, title: string): boolean {
  const source = readFileSync(new URL(file, root), "utf8");
  if (source.includes(JSON.stringify(title))) return true;
  return [...source.matchAll(/`([^`\n]*\$\{[^`\n]*)`/g)].some(([, template]) => {
    const holed = template.replace(/ \(\$\{[^}]*\}\)$/, "").split(/\$\{[^}]*\}/);
    if (holed.join("").length < LEAST_LETTERS) return false;
    const pattern = holed.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".+");
    return new RegExp(`^${pattern}$`).test(title);
  });
}

/** No literal, for this file is named as well. */
const NOBODYS = ["a test", "that nobody has written"].join(" ");

/** The maps, and how many tests each names at least. */
const MAPS = [
  ["DIVERGENCES.md", 20],
  ["docs/traps.md", 20],
  ["docs/permissions.md", 8],
  ["docs/ground.md", 15],
] as const;

for (const [map, least] of MAPS) {
  test(`every test named by ${map} exists`, () => {
    const named = namedIn(map);
    assert.ok(named.length > least, `only ${named.length} are named`);
    for (const { file, titles } of named) {
      assert.ok(existsSync(new URL(file, root)), `there is no ${file}`);
      for (const title of titles) assert.ok(hasTitle(file, title), `${file} has no "${title}"`);
      assert.ok(!hasTitle(file, NOBODYS), `${file} has any title`);
    }
  });
}
