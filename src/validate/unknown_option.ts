// SPDX-License-Identifier: MIT
/** Errors for options with an unknown name, which suggest the name that was probably meant. */
import { shown } from "./argument.ts";
import { atCaller } from "./caller.ts";

/** Longest name that is compared: no option's name is longer. */
const LONGEST = 32;
/** Least length of a name that is looked for within a longer one. */
const LEAST_PART = 4;

/**
 * Creates the error of an option that `call`, which is a verb, does not have; `of` may name the
 * object that the option is in, as " of a link".
 */
export function unknownOption(
  call: string,
  key: string,
  known: Iterable<string>,
  of = "",
): TypeError {
  const names = [...known];
  const hint = didYouMean(key, names) || `: the options are ${names.join(", ")}`;
  return atCaller(new TypeError(`Cannot ${call} as there is no option ${shown(key)}${of}${hint}`));
}

/** Returns `; did you mean "name"?` with the known name most like `key`, or "" if none is. */
export function didYouMean(key: string, known: Iterable<string>): string {
  let best = "";
  let least = Infinity;
  for (const name of known) {
    const difference = differenceOf(key, name);
    if (difference < least) [best, least] = [name, difference];
  }
  return least === Infinity ? "" : `; did you mean ${JSON.stringify(best)}?`;
}

/** Returns how much two names differ, or Infinity if they are not alike. */
function differenceOf(key: string, name: string): number {
  if (key.length > LONGEST) return Infinity;
  const [a, b] = [key.toLowerCase(), name.toLowerCase()];
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  const edits = editsBetween(a, b);
  if (edits <= Math.min(2, Math.floor(short.length / 3))) return edits;
  // "timeoutMs" for "timeout", "attempts" for "maxAttempts".
  return short.length >= LEAST_PART && long.includes(short) ? edits + LONGEST : Infinity;
}

/** Returns the number of characters to insert, remove or replace (Levenshtein's distance). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
