// SPDX-License-Identifier: MIT
/**
 * What to repeat at the end of a long output: of a log only the end may be kept, and a failure is
 * seldom there. Each line of it begins with "! ", by which .ci/run finds it.
 */

/** Most lines that are repeated of one failure, or of all that Deno says of its own. */
const LINES = 40;

/** Bun tells of an error before it names the test. */
function ofBun(lines) {
  const told = [];
  let start = 0;
  lines.forEach((line, i) => {
    if (/^\(fail\) /.test(line)) told.push(...lines.slice(Math.max(start, i + 1 - LINES), i + 1));
    if (/^\((pass|fail|skip)\) /.test(line)) start = i + 1;
  });
  return told;
}

/** Deno tells of all errors together, after the tests. */
function ofDeno(lines) {
  const start = lines.findIndex((line) => line.trim() === "ERRORS");
  return start < 0 ? [] : lines.slice(start + 1, start + 1 + 3 * LINES);
}

/** What a command that failed said of it, or the end of what it said; `title` tells which it was. */
export function failureOf(title, output) {
  const lines = output.trimEnd().split("\n");
  const told = [ofBun(lines), ofDeno(lines)].find((some) => some.length > 0) ?? lines.slice(-LINES);
  return [title, ...told].map((line) => `! ${line}`).join("\n");
}
