// SPDX-License-Identifier: MIT
/**
 * What a response says of a name: its records, at the end of its chain of aliases. RFC 1034,
 * section 3.6.2.
 */
import { negativeTTL, readTarget } from "./records.ts";
import { type ResourceRecord, type Response, TYPE } from "./message.ts";
import { lower, sameName } from "./name.ts";

/** Most aliases that are followed, over all responses to a lookup. */
export const MOST_ALIASES = 16;

/** End of a chain. */
export interface ChainEnd {
  /** Name that has no alias, with its final dot. */
  readonly name: string;
  /** Aliases that led there. */
  readonly aliases: number;
  /** Records of the type that was asked for; none if the response has none. */
  readonly records: readonly ResourceRecord[];
  /** Seconds that all of it may be kept. */
  readonly ttl: number;
}

/**
 * Follows the aliases of `name`, in whatever order the response lists them. Records of any other
 * name are ignored: a server may say what it likes of those, and no one has asked.
 */
export function followChain({ answers }: Response, name: string, type: number): ChainEnd {
  let at = name;
  let ttl = Infinity;
  for (let aliases = 0;; aliases++) {
    const own = answers.filter((each) => sameName(each.name, at));
    const records = own.filter((each) => each.type === type);
    const alias = own.find((each) => each.type === TYPE.CNAME);
    if (records.length > 0 || alias === undefined || aliases > MOST_ALIASES) {
      for (const each of records) ttl = Math.min(ttl, each.ttl);
      return { name: at, aliases, records, ttl };
    }
    ttl = Math.min(ttl, alias.ttl);
    at = readTarget(alias);
  }
}

/**
 * Seconds for which a response may be kept that says that there is nothing; 0 if it says nothing of
 * that.
 */
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
