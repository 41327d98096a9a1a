// SPDX-License-Identifier: MIT
/**
 * Extracts the answer for a name from a response: the records at the end of its alias chain. RFC
 * 1034, section 3.6.2.
 */
import { negativeTTL, readTarget } from "./records.ts";
import { type ResourceRecord, type Response, TYPE } from "./message.ts";
import { lower, sameName } from "./name.ts";

/** Maximum number of aliases to follow, over all responses of a lookup. */
export const MOST_ALIASES = 16;

/** End of an alias chain. */
export interface ChainEnd {
  /** Canonical name, with its final dot. */
  readonly name: string;
  /** Number of aliases before it. */
  readonly aliases: number;
  /** Records of the queried type; none if the response has none. */
  readonly records: readonly ResourceRecord[];
  /** Minimum TTL in seconds. */
  readonly ttl: number;
}

/**
 * Follows the aliases of `name`, in any order of the response. Ignores records of other names: a
 * server could say anything about those, unasked.
 */
export function followChain({ answers }: Response, name: string, type: number): ChainEnd {
  let at = name;
  let ttl = Infinity;
  for (let aliases = 0;; aliases++) {
    const records: ResourceRecord[] = [];
    let alias: ResourceRecord | undefined;
    for (const each of answers) {
      if (!sameName(each.name, at)) continue;
      if (each.type === type) records.push(each);
      else if (each.type === TYPE.CNAME) alias ??= each;
    }
    if (records.length > 0 || alias === undefined || aliases > MOST_ALIASES) {
      for (const each of records) ttl = Math.min(ttl, each.ttl);
      return { name: at, aliases, records, ttl };
    }
    ttl = Math.min(ttl, alias.ttl);
    at = readTarget(alias);
  }
}

/** Returns the TTL of a negative response in seconds; 0 if it has none. */
export function absenceTTL({ authorities }: Response, name: string): number {
  const soa = authorities.find((each) =>
    each.type === TYPE.SOA && isWithin(lower(name), lower(each.name))
  );
  return soa === undefined ? 0 : negativeTTL(soa);
}

/** Whether `name` is in the zone `zone`. */
function isWithin(name: string, zone: string): boolean {
  return zone === "." || name === zone || name.endsWith(`.${zone}`);
}
