// SPDX-License-Identifier: MIT
/**
 * Looks up records of fully qualified names: in the cache, in a pending query, or from the servers.
 */
import type { Routine } from "../sched/goroutine.ts";
import { mayGoOn } from "../sched/step.ts";
import { scheduler } from "../sched/thread.ts";
import { asError } from "../net/errors.ts";
import type { AskingServers } from "./ask_server.ts";
import { type Answered, askServers, type Rounds } from "./ask_servers.ts";
import { AnswerCache } from "./cache.ts";
import { Failure } from "./failure.ts";
import { absenceTTL, type ChainEnd, followChain, MOST_ALIASES } from "./chain.ts";
import { RCODE, type ResourceRecord, TYPE } from "./message.ts";
import { lower } from "./name.ts";
import type { ResolverCacheOptions } from "./options.ts";
import { SingleFlight } from "./single_flight.ts";

/** Result of a lookup: at least one record. */
export interface Found {
  /** Canonical name, with its final dot. */
  readonly name: string;
  readonly records: readonly ResourceRecord[];
}

/** Called with a result before the others of its lookup are known. */
export type EarlyFound = (found: Found) => void;

/** Settings of queries to all servers. */
export type AskingAll = AskingServers & Rounds;

/**
 * Maximum length in bytes of a message whose records are cached: they refer to the whole message,
 * which a server may make 64 KiB long, and the cache is bounded by the number of its entries.
 */
const MOST_CACHED = 8192;

/** A result with its TTL in seconds. */
interface Dated {
  readonly result: Found | Failure;
  readonly ttl: number;
}

/** An alias at which an answer of `server` ends. */
interface Alias extends ChainEnd {
  readonly server: string;
}

/** See the top of this file. */
export class Client {
  #cache: AnswerCache<Found | Failure> | null;
  readonly #cacheOptions: ResolverCacheOptions | null;
  /** Lookups in progress, by the code of their types. */
  readonly #flights = new Map<number, SingleFlight<(Found | Failure)[], Found>>();

  constructor(cache: ResolverCacheOptions | null) {
    this.#cacheOptions = cache;
    this.#cache = cache === null ? null : new AnswerCache(cache);
  }

  /**
   * Starts anew, for other servers: lookups in progress end as they would have, but no later one
   * waits for them or finds their answers.
   */
  forget(): void {
    this.#flights.clear();
    if (this.#cacheOptions !== null) this.#cache = new AnswerCache(this.#cacheOptions);
  }

  /**
   * Looks up records of all `types` of `name`, which ends with a dot. Parks unless all are cached.
   *
   * @param early called with each result that is found, as soon as it is; not with cached ones
   * @returns for each type, the records, or the failure
   */
  find(
    name: string,
    types: readonly number[],
    how: AskingAll,
    early: EarlyFound | null = null,
  ): Routine<(Found | Failure)[]> {
    const key = lower(name);
    return this.#cache === null
      ? this.#share(key, name, types, how, early)
      : this.#findCached(this.#cache, key, name, types, how, early);
  }

  *#findCached(
    cache: AnswerCache<Found | Failure>,
    key: string,
    name: string,
    types: readonly number[],
    how: AskingAll,
    early: EarlyFound | null,
  ): Routine<(Found | Failure)[]> {
    const kept = types.map((type) => cache.get(`${key} ${type}`));
    const missing = types.filter((_, i) => kept[i] === undefined);
    if (missing.length === 0) {
      if (!mayGoOn()) yield scheduler.yieldNow();
      return kept as (Found | Failure)[];
    }
    const fresh = yield* this.#share(key, name, missing, how, early);
    return kept.map((each, i) => each ?? fresh[missing.indexOf(types[i])]);
  }

  #share(
    key: string,
    name: string,
    types: readonly number[],
    how: AskingAll,
    early: EarlyFound | null,
  ): Routine<(Found | Failure)[]> {
    const ask = (report: EarlyFound) => this.#ask(name, types, how, report);
    return this.#flightsOf(codeOf(types)).do(key, ask, early);
  }

  #flightsOf(code: number): SingleFlight<(Found | Failure)[], Found> {
    const known = this.#flights.get(code);
    if (known !== undefined) return known;
    const flights = new SingleFlight<(Found | Failure)[], Found>();
    this.#flights.set(code, flights);
    return flights;
  }

  *#ask(
    name: string,
    types: readonly number[],
    how: AskingAll,
    report: EarlyFound,
  ): Routine<(Found | Failure)[]> {
    const cache = this.#cache;
    const results = new Array<Found | Failure>(types.length);
    const conclude = (i: number, { result, ttl }: Dated) => {
      results[i] = result;
      if (ttl > 0 && isShort(result)) cache?.set(`${lower(name)} ${types[i]}`, result, ttl);
      if (!(result instanceof Failure)) report(result);
    };
    const aliases: [i: number, end: Alias][] = [];
    yield* askServers(name, types, how, (i, answer) => {
      const end = read(answer, name, types[i], cache !== null);
      if ("result" in end) conclude(i, end);
      else aliases.push([i, end]);
    });
    for (const [i, end] of aliases) conclude(i, yield* follow(end, types[i], how));
    return results;
  }
}

/** Returns a number for one or two types. A list as text takes longer than to write a query. */
function codeOf(types: readonly number[]): number {
  let code = 0;
  for (const type of types) code = code * 0x10000 + type;
  return code;
}

function isShort(result: Found | Failure): boolean {
  return result instanceof Failure || result.records[0].bytes.length <= MOST_CACHED;
}

/** Queries again for the target of an alias at which an answer has ended, until there is a result. */
function* follow(first: Alias, type: number, how: AskingAll): Routine<Dated> {
  let { name, aliases, ttl, server } = first;
  for (;;) {
    if (aliases > MOST_ALIASES) {
      return { result: new Failure("too many aliases", "ELOOP", server), ttl: 0 };
    }
    const ends: (Dated | Alias)[] = [];
    yield* askServers(name, [type], how, (_, answer) => ends.push(read(answer, name, type)));
    const [end] = ends;
    ttl = Math.min(ttl, end.ttl);
    if ("result" in end) return { result: end.result, ttl };
    aliases += end.aliases;
    ({ name, server } = end);
  }
}

/**
 * Extracts the result for `name` from an answer, or the name to query next if its alias chain ends
 * without one. The TTL of an absence takes a while to find out; without `dated` it is 0.
 */
function read(
  answer: Answered | Failure,
  name: string,
  type: number,
  dated = true,
): Dated | Alias {
  if (answer instanceof Failure) return { result: answer, ttl: 0 };
  const { response, server } = answer;
  try {
    const end = followChain(response, name, type);
    const { records, ttl } = end;
    if (records.length > 0) return { result: { name: end.name, records }, ttl };
    const absent = response.header.rcode === RCODE.NXDOMAIN;
    const denied = response.authorities.some((each) => each.type === TYPE.SOA);
    if (end.aliases > 0 && !absent && !denied) return { ...end, server };
    const code = absent ? "ENOTFOUND" : "ENODATA";
    const result = new Failure("no such host", code, server);
    return { result, ttl: dated ? Math.min(ttl, absenceTTL(response, end.name)) : 0 };
  } catch (error) {
    const text = "cannot unmarshal DNS message";
    return { result: new Failure(text, "EBADRESP", server, asError(error)), ttl: 0 };
  }
}
