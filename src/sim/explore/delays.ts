// SPDX-License-Identifier: MIT
/**
 * Delay-bounded search: Emmi, Qadeer, Rakamarić, "Delay-bounded scheduling" (2011).
 *
 * The deterministic scheduler runs the goroutine that has waited longest. A delay has it pass over one
 * goroutine; a schedule is the list of its delays. All schedules with at most so many delays are
 * enumerated, those with fewer delays first, each once: a schedule is made of the one without its last
 * delays, once that has run and its decisions are known.
 *
 * With reduction, schedules are not made from a state from which others were made already: one that
 * came about by the same turns, in an order that differs only between turns without a common object,
 * with the same queue, at the same time and with no fewer delays left. Musuvathi, Qadeer, "Partial-order
 * reduction for context-bounded state exploration" (2007).
 */
import type { Goroutine } from "../../sched/goroutine.ts";
import type { Schedule } from "../options.ts";
import { WATCHER, type WatchingSchedule } from "../turns.ts";
import { TurnNames, TurnOrder } from "./turn_order.ts";

/** States that are noted: from one beyond them, schedules are made again. */
const MOST_STATES = 500_000;

/** A schedule: that of `before`, and `value` delays at the decision `at`. */
interface Delayed {
  readonly before: Delayed | null;
  readonly at: number;
  readonly value: number;
}

/** A schedule of the search, while it runs. */
class DelaySchedule implements WatchingSchedule {
  /** Goroutines to choose from, at each decision. */
  readonly widths: number[] = [];
  /** The state at each decision, with reduction; null if it is unknown. */
  readonly states: (string | null)[] = [];
  readonly [WATCHER]: TurnOrder | null;
  readonly #delays = new Map<number, number>();

  constructor(delayed: Delayed | null, names: TurnNames | null) {
    this[WATCHER] = names === null ? null : new TurnOrder(names);
    for (let each = delayed; each !== null; each = each.before) {
      this.#delays.set(each.at, each.value);
    }
  }

  pick(runnable: readonly Goroutine[]): number {
    const at = this.widths.push(runnable.length) - 1;
    const order = this[WATCHER];
    if (order !== null) this.states.push(order.state(runnable));
    return Math.min(this.#delays.get(at) ?? 0, runnable.length - 1);
  }
}

/** Schedules that are kept until they run; more are only counted. */
const MOST_KEPT = 200_000;

/** See the top of this file. */
export class DelaySearch {
  /** Schedules that are known and have not run. */
  pending = 1;
  readonly #most: number;
  /** Schedules that are known and have not run, by their number of delays. */
  readonly #pending: (Delayed | null)[][];
  #kept = 1;
  #current: Delayed | null = null;
  #schedule: DelaySchedule | null = null;
  /** With reduction: names of turns, and by each state the most delays that were left in it. */
  readonly #names: TurnNames | null;
  readonly #left = new Map<string, number>();

  readonly #mostStates: number;

  /** `most` delays in a schedule. */
  constructor(most: number, reduced = false, mostStates = MOST_STATES) {
    this.#most = most;
    this.#mostStates = mostStates;
    this.#names = reduced ? new TurnNames() : null;
    this.#pending = Array.from({ length: most + 1 }, () => []);
    this.#pending[0].push(null);
  }

  /** Takes the next schedule. Returns whether there is one. */
  next(): boolean {
    const list = this.#pending.find(({ length }) => length > 0);
    if (list === undefined) return false;
    this.#current = list.pop()!;
    this.#kept--;
    this.#schedule = null;
    return true;
  }

  /** Returns the schedule that was taken, from its start. */
  schedule(): Schedule {
    return this.#schedule = new DelaySchedule(this.#current, this.#names);
  }

  /** The schedule has run: those that have one more place of delays are known now. */
  done(): void {
    this.pending--;
    const { widths, states } = this.#schedule!;
    const before = this.#current;
    let used = 0;
    for (let each = before; each !== null; each = each.before) used += each.value;
    const first = (before?.at ?? -1) + 1;
    const end = this.#names === null ? widths.length : this.#firstKnown(states, first, used);
    // From the end, as the last one is taken first.
    for (let at = end - 1; at >= first; at--) {
      const most = Math.min(widths[at] - 1, this.#most - used);
      for (let value = most; value >= 1; value--) {
        this.pending++;
        if (this.#kept >= MOST_KEPT) continue;
        this.#kept++;
        this.#pending[used + value].push({ before, at, value });
      }
    }
  }

  /** Returns the first decision whose state is known, and notes those before it. */
  #firstKnown(states: readonly (string | null)[], first: number, used: number): number {
    const left = this.#most - used;
    for (let at = first; at < states.length; at++) {
      const state = states[at];
      if (state === null) continue;
      if ((this.#left.get(state) ?? -1) >= left) return at;
      if (this.#left.size < this.#mostStates) this.#left.set(state, left);
    }
    return states.length;
  }
}
