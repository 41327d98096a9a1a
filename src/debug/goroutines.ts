// SPDX-License-Identifier: MIT
/**
 * Goroutines by state, by start location and by what they wait for. Go: the goroutine profile of
 * pprof.
 */
import type { G, GoroutineStatus } from "../sched/goroutine.ts";
import { lineOf } from "../sched/spawn_site.ts";
import { scheduler } from "../sched/thread.ts";

/** A goroutine, as the page shows it. */
export interface DebugGoroutine {
  /** Number of the goroutine. */
  readonly id: number;
  /** Name of its function. */
  readonly name: string;
  /** State, or the wait reason in Go's words. */
  readonly state: string;
  /** Object that it waits for; "" if it has no name. */
  readonly on: string;
  /** Milliseconds that it has waited; 0 if it is not waiting. */
  readonly waited: number;
  /** Location where it was started; "" without `debug` of its run. */
  readonly place: string;
}

/** Goroutines with the same function, location and state. */
export interface DebugGoroutineGroup {
  /** Name of the function. */
  readonly name: string;
  /** Location where they were started; "" without `debug` of their run. */
  readonly place: string;
  /** State, or wait reason. */
  readonly state: string;
  /** Number of goroutines. */
  readonly count: number;
  /** Longest wait in milliseconds. */
  readonly longest: number;
}

/** A channel, lock or similar object with its waiters. */
export interface DebugWait {
  /** The object: "chan 3, 0 of 128". */
  readonly on: string;
  /** Wait reason, in Go's words: "chan receive". */
  readonly reason: string;
  /** Number of goroutines. */
  readonly count: number;
  /** Longest wait in milliseconds. */
  readonly longest: number;
}

/** Wait reasons without a channel or lock: they have their own tables, or no object. */
const ELSEWHERE = new Set(["IO wait", "sleep", "promise", "events"]);
/** Maximum number of described waits: each description builds a string. */
const MOST_DESCRIBED = 2000;
/** Maximum number of groups and waits shown. */
const MOST_GROUPS = 200;

/** Locations by captured stack: formatting a stack is slow. */
const places = new WeakMap<Error, string>();

/** Filter of the goroutines, see `SnapshotQuery`. */
interface GoroutineQuery {
  readonly search: string;
  readonly state: string;
  readonly limit: number;
}

interface Tally {
  count: number;
  longest: number;
}

/** A snapshot of this thread's goroutines. */
export class GoroutineCensus {
  readonly states: Record<GoroutineStatus, number> = {
    runnable: 0,
    running: 0,
    waiting: 0,
    dead: 0,
  };
  readonly #at: number;
  readonly #query: GoroutineQuery;
  readonly #groups = new Map<string, Tally & { name: string; place: string; state: string }>();
  readonly #waits = new Map<string, Tally & { on: string; reason: string }>();
  readonly #matches: G[] = [];
  #described = 0;

  constructor(at: number, query: GoroutineQuery) {
    this.#at = at;
    this.#query = { ...query, search: query.search.toLowerCase() };
    for (const run of scheduler.runs) for (const g of run.goroutines()) this.#add(g);
  }

  /** Returns the groups, the largest first. */
  groups(): DebugGoroutineGroup[] {
    return mostNumerous(this.#groups.values());
  }

  /** Returns the channels and locks, those with the most waiters first. */
  waits(): DebugWait[] {
    return mostNumerous(this.#waits.values());
  }

  /** Returns the goroutines that match the search, the longest waiting first. */
  rows(): { total: number; rows: DebugGoroutine[] } {
    const { limit } = this.#query;
    const waits = (g: G) => g.status === "waiting" ? g.waitSince : Infinity;
    const first = this.#matches.sort((a, b) => waits(a) - waits(b) || a.id - b.id).slice(0, limit);
    return { total: this.#matches.length, rows: first.map((g) => this.#row(g)) };
  }

  #add(g: G): void {
    this.states[g.status]++;
    this.#group(g);
    if (g.status === "waiting" && !ELSEWHERE.has(g.waitReason)) this.#wait(g);
    if (this.#isWanted(g)) this.#matches.push(g);
  }

  #isWanted(g: G): boolean {
    const { search, state } = this.#query;
    if (state !== "" && stateOf(g) !== state) return false;
    return search === "" || this.#text(g).toLowerCase().includes(search);
  }

  #group(g: G): void {
    const state = stateOf(g);
    const place = placeOf(g);
    const key = `${g.name}\n${state}\n${place}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, group = { name: g.name, place, state, count: 0, longest: 0 });
    }
    this.#tally(group, g);
  }

  #wait(g: G): void {
    const reason = g.waitReason;
    const on = this.#described++ < MOST_DESCRIBED ? describe(g) : "";
    const key = `${reason}\n${on}`;
    let wait = this.#waits.get(key);
    if (wait === undefined) this.#waits.set(key, wait = { on, reason, count: 0, longest: 0 });
    this.#tally(wait, g);
  }

  #tally(tally: Tally, g: G): void {
    tally.count++;
    tally.longest = Math.max(tally.longest, this.#waited(g));
  }

  #text(g: G): string {
    return `${g.id} ${g.name} ${stateOf(g)} ${describe(g)} ${placeOf(g)}`;
  }

  #row(g: G): DebugGoroutine {
    const { id, name } = g;
    const [state, on, place] = [stateOf(g), describe(g), placeOf(g)];
    return { id, name, state, on, waited: this.#waited(g), place };
  }

  #waited(g: G): number {
    return g.status === "waiting" ? Math.max(0, Math.round(this.#at - g.waitSince)) : 0;
  }
}

function mostNumerous<T extends Tally>(tallies: Iterable<T>): T[] {
  return [...tallies].sort((a, b) => b.count - a.count).slice(0, MOST_GROUPS);
}

function stateOf(g: G): string {
  return g.status === "waiting" ? g.waitReason : g.status;
}

function describe(g: G): string {
  return g.status === "waiting" ? g.waitOn?.describe() ?? "" : "";
}

function placeOf({ site }: G): string {
  if (site === null) return "";
  let place = places.get(site);
  if (place === undefined) places.set(site, place = lineOf(site));
  return place;
}
