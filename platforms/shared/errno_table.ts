// SPDX-License-Identifier: MIT
/** A system's errno numbers as a table. */
import type { ErrnoText } from "../contract/platform.ts";

/** What tells the name and words of an errno, of a table of numbers, names and words. */
export function errnoTexts(
  table: readonly (readonly [number, string, string])[],
): (errno: number) => ErrnoText {
  const byNumber = new Map<number, ErrnoText>(
    table.map(([number, name, text]) => [number, { name, text }]),
  );
  return (errno) => byNumber.get(errno) ?? { name: `E${errno}`, text: `errno ${errno}` };
}
