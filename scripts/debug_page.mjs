// SPDX-License-Identifier: MIT
/**
 * Generates src/debug/page_source.ts from the page in src/debug/page: the package reads no files,
 * so its page must be in a module. `node scripts/debug_page.mjs [--check]`; with `--check` it
 * writes nothing, and fails if the module is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "./programs.mjs";

const FOLDER = join(ROOT, "src/debug/page");
const MODULE = join(ROOT, "src/debug/page_source.ts");

const read = (name) => readFileSync(join(FOLDER, name), "utf8").replaceAll("\r\n", "\n");

/** Returns the declaration of a raw string: the text must not contain escapes. */
function declaration(name, what, text) {
  if (text.includes("</") && name !== "HTML") throw new Error(`${name} would end its element`);
  const literal = JSON.stringify(text).replaceAll("\\n", '\\n" +\n  "');
  return `/** ${what} */\nexport const ${name}: string = ${literal};\n`;
}

const source = `// SPDX-License-Identifier: MIT
/** The debug page, of src/debug/page. Written by scripts/debug_page.mjs; do not edit. */

${declaration("HTML", "Markup, with a place for each of the other two.", read("page.html"))}
${declaration("CSS", "Style sheet.", read("page.css"))}
${declaration("JS", "Script.", read("page.js"))}`;

if (!process.argv.includes("--check")) writeFileSync(MODULE, source);
else if (readFileSync(MODULE, "utf8").replaceAll("\r\n", "\n") !== source) {
  console.error(
    "src/debug/page_source.ts is not that of the page: run node scripts/debug_page.mjs",
  );
  process.exitCode = 1;
}
