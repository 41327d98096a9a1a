// SPDX-License-Identifier: MIT
/**
 * Calls that were made and never driven: `conn.write("bye")` without `yield*` does nothing at all.
 *
 * A call is noted when it is made and forgotten when it is first driven, which is mostly at once.
 * One that is still there when its goroutine makes another call, or parks, is kept aside. Keeping a
 * call and driving it later is legal, so a kept call is reported only when nothing can drive it any
 * more: its goroutine has ended, or the garbage collector has found it.
 */
import { CALL } from "./call_name.ts";
import type { G, RunOwner } from "./goroutine.ts";
import { captureSite, lineOf } from "./spawn_site.ts";

/** Most calls that are kept at a time. Any further one goes unreported: it may be driven yet. */
const MOST_KEPT = 1000;
/** Most distinct mistakes of a run that are reported. */
const MOST_REPORTED = 100;

/** A call, as this module sees it. */
export interface MadeCall {
  readonly [CALL]?: string;
  /** The object that it works on, as a dump names it. */
  describe?(): string;
  /** Where it was made, if its run is in debug or the call is always noted. */
  readonly site?: Error;
  /** The object that it works on, if its run is in debug. */
  readonly object?: unknown;
  /** Greater than that of a call that was made before, if its run is in debug. */
  readonly number?: number;
}

/** What is kept of a call. It does not hold the call itself, which is to be garbage when it may. */
interface Kept {
  readonly g: G;
  readonly name: string;
  readonly subject: string;
  readonly object: unknown;
  readonly number: number;
  readonly site: Error | null;
  /** Whether `site` is where the call was made, and not where its goroutine made the next one. */
  readonly exact: boolean;
}

/** The calls of a thread that wait to be driven. */
export class UndrivenCalls {
  /** Receives each report. */
  report: (text: string) => void = (text) => console.warn(text);
  /** How many calls are kept. */
  count = 0;
  readonly #byCall = new WeakMap<object, Kept>();
  readonly #kept = new Map<G, Set<Kept>>();
  readonly #reported = new WeakMap<RunOwner, Set<string>>();
  #collected: FinalizationRegistry<Kept> | null = null;

  /** Keeps a call of `g` that was made and not driven; `another` if by making another call. */
  keep(call: MadeCall, g: G | null, another: boolean): void {
    const name = call[CALL];
    if (g === null || name === undefined || this.#byCall.has(call)) return;
    if (this.count === MOST_KEPT) return;
    const site = call.site ?? (another ? captureSite() : null);
    const exact = call.site !== undefined;
    const subject = call.describe?.() ?? "";
    const { object, number = 0 } = call;
    const kept = { g, name, subject, object, number, site, exact };
    this.#byCall.set(call, kept);
    this.#add(kept);
    this.#collected ??= new FinalizationRegistry((lost) => this.#tell(lost));
    this.#collected.register(call, kept, call);
  }

  /** A call that may have been kept is driven after all. */
  driven(call: MadeCall): void {
    const kept = this.#byCall.get(call);
    if (kept === undefined) return;
    this.#byCall.delete(call);
    this.#collected?.unregister(call);
    this.#remove(kept);
  }

  /** A call in debug is driven. The same call of the same object, made before, never will be. */
  overtaken(call: MadeCall): void {
    const { object, number = 0 } = call;
    if (object === undefined) return;
    for (const calls of this.#kept.values()) {
      for (const kept of calls) {
        const before = kept.object === object && kept.number < number;
        if (before && kept.name === call[CALL]) this.#tell(kept);
      }
    }
  }

  /** The goroutine `g` has ended: nothing drives its calls any more. */
  ended(g: G): void {
    for (const kept of this.#kept.get(g) ?? []) this.#tell(kept);
  }

  #add(kept: Kept): void {
    const calls = this.#kept.get(kept.g) ?? new Set();
    this.#kept.set(kept.g, calls.add(kept));
    this.count++;
  }

  /** Returns false if it was removed before. */
  #remove(kept: Kept): boolean {
    const calls = this.#kept.get(kept.g);
    if (calls === undefined || !calls.delete(kept)) return false;
    if (calls.size === 0) this.#kept.delete(kept.g);
    this.count--;
    return true;
  }

  #tell(kept: Kept): void {
    if (!this.#remove(kept)) return;
    const { g, name, subject, site, exact } = kept;
    const place = site === null ? "" : lineOf(site);
    if (!this.#isNew(g, `${g.name} ${name} ${exact ? place : ""}`)) return;
    const of = subject === "" ? "" : ` (${subject})`;
    const cure = `so it did nothing: write yield* ${name}(...)`;
    const hint = exact ? "" : "; run with { debug: true } for the line of the call";
    const at = place === "" ? "" : `\n    ${exact ? "at" : "before"} ${place}`;
    this.report(
      `goroutine ${g.id} [${g.name}] called ${name}${of} without yield*, ${cure}${hint}${at}`,
    );
  }

  /** Whether `mistake` is the first of its kind in its run. */
  #isNew(g: G, mistake: string): boolean {
    const reported = this.#reported.get(g.run) ?? new Set();
    this.#reported.set(g.run, reported);
    if (reported.has(mistake) || reported.size >= MOST_REPORTED) return false;
    reported.add(mistake);
    return true;
  }
}
