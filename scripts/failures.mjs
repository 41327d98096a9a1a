// SPDX-License-Identifier: MIT
/**
 * Repeats failures at the end of a long output, because a log may keep only its end. Each line
 * begins with "! ", by which .ci/run finds it.
 */

/** Maximum number of repeated lines per failure: as many of its beginning as of its end. */
const LINES = 80;

/** Formats a failure as lines to repeat: a title and the text, without the middle if it is long. */
export function quoted(title, text) {
  const lines = text.trimEnd().split("\n");
  const told = lines.length <= LINES ? lines : [
    ...lines.slice(0, LINES / 2),
    `... ${lines.length - LINES} lines ...`,
    ...lines.slice(-LINES / 2),
  ];
  return [title, ...told].map((line) => `! ${line}`).join("\n");
}
