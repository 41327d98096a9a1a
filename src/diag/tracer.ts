// SPDX-License-Identifier: MIT
/**
 * Records what goroutines do. Go: runtime/trace.
 *
 * A goroutine is on its track always in one of three spans: running, runnable, or what it waits
 * for. A span is recorded when the next one begins. Whatever wakes a goroutine gives an arrow to
 * it; what is outside the goroutines (the poller, a timer, the host) has track 0, with a short span
 * a wake-up.
 */
import { now } from "../sched/clock.ts";
import type { G } from "../sched/goroutine.ts";
import type { Observer } from "../sched/observer.ts";
import { TraceRing } from "./trace_ring.ts";

/** The track of what is outside the goroutines. */
const OUTSIDE = 0;
/** How long a wake-up from outside is drawn, in milliseconds. */
const WAKE_MS = 1e-4;

/** What a goroutine is in the midst of. */
interface Open {
  name: string;
  since: number;
}

/** See the top of this file. */
export class Tracer implements Observer {
  readonly ring: TraceRing;
  /** The names of the goroutines that were seen, by number. */
  readonly names: Map<number, string> = new Map();
  readonly #open = new Map<G, Open>();
  #lastArrow = 0;
  /** When the last wake-up from outside was over. */
  #outsideFree = 0;

  /** Begins with what `goroutines` are doing now. */
  constructor(limit: number, goroutines: Iterable<G>) {
    this.ring = new TraceRing(limit);
    const begun = now();
    for (const g of goroutines) this.#turn(g, nameOf(g), begun);
  }

  woke(g: G, by: G | null): void {
    const woken = now();
    const arrow = ++this.#lastArrow;
    const at = by === null ? this.#outside(g, woken) : woken;
    this.ring.add({ kind: "from", track: by?.id ?? OUTSIDE, at, end: at, name: arrow });
    this.#turn(g, "runnable", at);
    this.ring.add({ kind: "to", track: g.id, at, end: at, name: arrow });
  }

  began(g: G, at: number): void {
    this.#turn(g, "running", at);
  }

  ended(g: G, _began: number, at: number): void {
    this.#turn(g, nameOf(g), at);
    if (g.status === "dead") this.#open.delete(g);
  }

  /** Ends the spans that are open. */
  end(): void {
    const ended = now();
    for (const [g, { name, since }] of this.#open) this.#span(g.id, name, since, ended);
    this.#open.clear();
  }

  /** `g` goes over to what is called `name`. */
  #turn(g: G, name: string, at: number): void {
    const open = this.#open.get(g);
    if (open === undefined) {
      this.names.set(g.id, g.name);
      this.#open.set(g, { name, since: at });
      return;
    }
    // A clock that was read before a wake-up from outside was drawn must not lead back.
    const since = Math.max(at, open.since);
    this.#span(g.id, open.name, open.since, since);
    open.name = name;
    open.since = since;
  }

  #span(track: number, name: string, at: number, end: number): void {
    this.ring.add({ kind: "span", track, at, end, name });
  }

  #outside(g: G, woken: number): number {
    const at = Math.max(woken, this.#outsideFree);
    this.#outsideFree = at + WAKE_MS;
    this.#span(OUTSIDE, `wake goroutine ${g.id}`, at, this.#outsideFree);
    return at;
  }
}

function nameOf(g: G): string {
  return g.status === "waiting" ? g.waitReason : g.status;
}
