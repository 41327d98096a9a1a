// SPDX-License-Identifier: MIT
// Parses flag values.

/** Parses the number of `--name`. */
export function number(name: string, text: string, least: number, most: number): number {
  const n = Number(text);
  if (text.trim() !== "" && n >= least && n <= most) return n;
  throw new Error(`--${name} takes a number from ${least} to ${most}, not "${text}"`);
}

/**
 * Returns the items whose ID is listed; an entry that is not a full ID selects all with that
 * prefix.
 */
export function choose<T extends { id: string }>(
  name: string,
  all: T[],
  text: string | undefined,
): T[] {
  if (text === undefined) return all;
  const chosen = text.split(",").flatMap((piece) => {
    const word = piece.trim();
    const exact = all.filter(({ id }) => id === word);
    const found = exact.length > 0 ? exact : all.filter(({ id }) => id.startsWith(word));
    if (word !== "" && found.length > 0) return found;
    throw new Error(`--${name}: "${word}" is none of ${all.map(({ id }) => id).join(" ")}`);
  });
  return all.filter((one) => chosen.includes(one));
}
