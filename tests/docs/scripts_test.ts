// SPDX-License-Identifier: MIT
/** The scripts of package.json run under every shell that npm uses: cmd.exe on Windows, else sh. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);

/** What cmd.exe does not understand, or understands differently. */
const NOT_PORTABLE: ReadonlyMap<string, RegExp> = new Map([
  [
    "a command that only sh has",
    /(^|&& |\|\| )(exec|rm|cp|mv|mkdir|export|touch|cat|true|test|\[)( |$)/,
  ],
  ["a variable set for one command", /(^|&& |\|\| )[A-Za-z_]\w*=/],
  ["an expansion", /[$`%]/],
  ["a script that Windows cannot start", /(^|&& |\|\| )(\.\/|scripts\/|\S+\.sh( |$))/],
  ["single quotes", /'/],
  ["a sequence, pipe or background job", /;|(^|[^|])\|($|[^|])|(^|[^&])&($|[^&])/],
  ["a redirection", /[<>]/],
]);

/** What is not portable in a command line. */
function faults(line: string): string[] {
  return [...NOT_PORTABLE].filter(([, pattern]) => pattern.test(line)).map(([fault]) => fault);
}

test("every package script is portable", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  assert.ok(Object.keys(scripts).length > 10);
  for (const [name, line] of Object.entries<string>(scripts)) {
    assert.deepEqual(faults(line), [], `"${name}": ${line}`);
  }
});

for (
  const line of [
    "exec bun examples/echo.ts",
    "rm -rf dist && tsc",
    "node a.mjs && rm -rf dist",
    "NAME=value node a.mjs",
    "node a.mjs $(scripts/b.sh)",
    "scripts/wine.sh /tmp/folder && node a.mjs",
    "node -e 'process.exit()'",
    "node a.mjs & node b.mjs",
    "node a.mjs > log",
  ]
) {
  test(`a script that is not portable is found: ${line}`, () => {
    assert.notDeepEqual(faults(line), []);
  });
}
