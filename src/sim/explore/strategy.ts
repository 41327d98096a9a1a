// SPDX-License-Identifier: MIT
/** The schedules of an exploration: each strategy chooses the schedule of its next run. */
import type { Choice } from "../../../platforms/sim/choices.ts";
import { shown, wrongArgument } from "../../validate/argument.ts";
import type { Schedule, SimOptions } from "../options.ts";
import { DelaySearch } from "./delays.ts";
import { PctSchedule } from "./pct.ts";

/**
 * Strategy of an exploration:
 *
 * - "fifo": the order of production; only the network, timers and faults vary
 * - "random": any runnable goroutine, at each turn
 * - `pct`: random priorities that change `pct - 1` times, which finds bugs that need so many events in
 *   an order; see Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding
 *   bugs" (2010)
 * - `delays`: all schedules in which goroutines are passed over at most so many times, each once, with
 *   the network and the faults of the exploration's seed; see Emmi et al., "Delay-bounded scheduling"
 *   (2011). With `reduction: "objects"` without those that only exchange turns without a common object:
 *   right for programs whose goroutines share channels, locks, contexts, and variables whose uses these
 *   order; see Musuvathi and Qadeer, "Partial-order reduction for context-bounded state exploration"
 *   (2007)
 * - a function that returns the {@linkcode Schedule} of a run
 */
export type Strategy =
  | "fifo"
  | "random"
  | { readonly pct: number }
  | { readonly delays: number; readonly reduction?: "none" | "objects" }
  | ((seed: number) => Schedule);

/** A run that an exploration makes. */
export interface Plan {
  readonly seed: number;
  /** Returns the schedule of the run, from its start. */
  readonly schedule: () => SimOptions["schedule"];
  /** Decisions of the run, if they are known already. */
  readonly choices?: readonly Choice[];
}

/** What an exploration asks of a strategy. */
export interface Lane {
  /** Name of the strategy, for reports. */
  readonly name: string;
  /** Whether a run of it is that of its seed. */
  readonly seeded: boolean;
  /** Whether it leaves out schedules that are equivalent to others. */
  readonly reduced: boolean;
  /** Whether it needs to know how many decisions a run has. */
  readonly needsSteps: boolean;
  /** Schedules that are known and have not run; 0 for a strategy that draws. */
  readonly pending: number;
  /** Returns the next run, or null if all were made. */
  next(seed: number, steps: number): Plan | null;
  /** The run that was returned last is over. */
  done(): void;
}

/** Most priority changes and delays. */
const MOST = 100;

/** A strategy whose runs come from their seeds. */
function drawing(
  name: string,
  schedule: (seed: number, steps: number) => SimOptions["schedule"],
  needsSteps = false,
): Lane {
  return {
    name,
    seeded: true,
    reduced: false,
    needsSteps,
    pending: 0,
    next: (seed, steps) => ({ seed, schedule: () => schedule(seed, steps) }),
    done: () => {},
  };
}

/** The enumeration of schedules. */
class DelayLane implements Lane {
  readonly name: string;
  readonly seeded = false;
  readonly needsSteps = false;
  readonly reduced: boolean;
  readonly #seed: number;
  readonly #search: DelaySearch;

  constructor(delays: number, seed: number, reduced: boolean) {
    this.name = `delays ${delays}${reduced ? ", reduced" : ""}`;
    this.#seed = seed;
    this.reduced = reduced;
    this.#search = new DelaySearch(delays, reduced);
  }

  get pending(): number {
    return this.#search.pending;
  }

  next(): Plan | null {
    const search = this.#search;
    return search.next() ? { seed: this.#seed, schedule: () => search.schedule() } : null;
  }

  done(): void {
    this.#search.done();
  }
}

/** Returns the lane of a strategy, in an exploration that begins with `seed`. Throws TypeError. */
export function laneOf(strategy: Strategy, seed: number): Lane {
  if (strategy === "fifo" || strategy === "random") return drawing(strategy, () => strategy);
  if (typeof strategy === "function") return drawing(strategy.name || "own", strategy);
  if (typeof strategy === "object" && strategy !== null) {
    if ("pct" in strategy && isCount(strategy.pct, 1)) {
      const depth = strategy.pct;
      const schedule = (seed: number, steps: number) => new PctSchedule({ depth, steps, seed });
      return drawing(`pct ${depth}`, schedule, true);
    }
    if ("delays" in strategy && isCount(strategy.delays, 0)) {
      const { delays, reduction = "none" } = strategy;
      if (reduction !== "none" && reduction !== "objects") {
        throw wrongArgument("explore", "reduction", '"none" or "objects"', reduction);
      }
      return new DelayLane(delays, seed, reduction === "objects");
    }
  }
  throw new TypeError(
    `Cannot explore as a strategy must be "fifo", "random", { pct } with a number from 1 to ${MOST}, ` +
      `{ delays } with one from 0 to ${MOST}, or a function: current value is ${shown(strategy)}`,
  );
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= MOST;
}
