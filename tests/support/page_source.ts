// SPDX-License-Identifier: MIT
/** Pages of the library, which are in modules that scripts/pages.mjs writes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** Checks that `page_source.ts` in `folder` is up to date with the page beside it. */
export function checkPageSource(folder: string): void {
  const read = (file: string) =>
    readFileSync(new URL(`../../${folder}/${file}`, import.meta.url), "utf8")
      .replaceAll("\r\n", "\n");
  const source = read("page_source.ts");
  const text = (name: string) =>
    [
      ...source.split(`export const ${name}: string =`)[1].split(";\n\n")[0].matchAll(
        /"(?:[^"\\]|\\.)*"/g,
      ),
    ]
      .map(([literal]) => JSON.parse(literal)).join("");
  const advice = "run node scripts/pages.mjs";
  assert.equal(text("HTML"), read("page/page.html"), advice);
  assert.equal(text("CSS"), read("page/page.css"), advice);
  assert.equal(text("JS"), read("page/page.js"), advice);
}
