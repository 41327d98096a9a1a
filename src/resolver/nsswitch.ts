// SPDX-License-Identifier: MIT
/** Parses the line "hosts:" of nsswitch.conf(5). Go: net/nss.go. */

/** A source, and its criteria in brackets. */
export interface Source {
  readonly name: string;
  /** Whether the criteria, if any, are equivalent to the defaults. */
  readonly standard: boolean;
}

/** Returns the sources of the line "hosts:", or null if the file has none. */
export function parseNsswitch(text: string): Source[] | null {
  for (const line of text.split("\n")) {
    const [, list] = /^\s*hosts\s*:(.*)/.exec(line.replace(/#.*/, "")) ?? [];
    if (list !== undefined) return readSources(list);
  }
  return null;
}

function readSources(list: string): Source[] {
  const found = [...list.matchAll(/([^\s[\]]+)\s*((?:\[[^\]]*\]\s*)*)/g)];
  return found.map(([, name, criteria], i) => ({
    name,
    standard: isStandard(criteria, i === found.length - 1),
  }));
}

/** Default actions for the results of a source. nsswitch.conf(5). */
const STANDARD: Readonly<Record<string, string>> = {
  success: "return",
  notfound: "continue",
  unavail: "continue",
  tryagain: "continue",
};

/** After the last source, criteria have no effect. */
function isStandard(criteria: string, last: boolean): boolean {
  const words = criteria.replace(/[[\]]/g, " ").trim().toLowerCase().split(/\s+/);
  return words.every((word) => {
    if (word === "") return true;
    const [status, action] = word.split("=", 2);
    if (STANDARD[status] === undefined) return false;
    return STANDARD[status] === action || (last && action === "return");
  });
}
