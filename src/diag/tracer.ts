// SPDX-License-Identifier: MIT
/**
 * Records goroutine states. Go: runtime/trace.
 *
 * A goroutine's track always has one of three spans: running, runnable, or its wait. A span is
 * recorded when the next one begins. The waker of a goroutine is the source of an arrow to it;
 * wakers outside the goroutines (the poller, a timer, the host) are on track 0, with a short span
 * per wake-up.
 */
import { now } from "../sched/clock.ts";
import type { G } from "../sched/goroutine.ts";
import type { Observer } from "../sched/observer.ts";
import { TraceRing } from "./trace_ring.ts";

/** Track of wakers outside the goroutines. */
const OUTSIDE = 0;
/** Length of the span of a wake-up from outside, in milliseconds. */
const WAKE_MS = 1e-4;

/** Current span of a goroutine. */
interface Open {
  name: string;
  since: number;
}

/** See the top of this file. */
export class Tracer implements Observer {
  readonly ring: TraceRing;
  /** Names of goroutines by number. */
  readonly names: Map<number, string> = new Map();
  readonly #open = new Map<G, Open>();
  #lastArrow = 0;
  /** End of the last wake-up span from outside. */
  #outsideFree = 0;

  /** Starts with the current states of `goroutines`. */
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

  /** Ends all open spans. */
  end(): void {
    const ended = now();
    for (const [g, { name, since }] of this.#open) this.#span(g.id, name, since, ended);
    this.#open.clear();
  }

  /** Starts a span of `g` with this name. */
  #turn(g: G, name: string, at: number): void {
    const open = this.#open.get(g);
    if (open === undefined) {
      this.names.set(g.id, g.name);
      this.#open.set(g, { name, since: at });
      return;
    }
    // A clock reading from before a wake-up span must not go backwards.
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
