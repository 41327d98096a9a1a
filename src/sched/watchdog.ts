// SPDX-License-Identifier: MIT
/**
 * Reports goroutines that run for too long without yielding. Go does not need it, because sysmon
 * preempts them.
 */
import { shown } from "../validate/argument.ts";
import type { G, Goroutine, RunOwner } from "./goroutine.ts";
import type { Observer } from "./observer.ts";

/** Called with a goroutine that ran for `ms` milliseconds without yielding to others. */
export type OnSlow = (goroutine: Goroutine, ms: number) => void;

/** Observes one run. */
export class Watchdog implements Observer {
  readonly #run: RunOwner;
  readonly #limit: number;
  readonly #onSlow: OnSlow;

  constructor(run: RunOwner, limit: number, onSlow: OnSlow = warn) {
    if (typeof limit !== "number" || !(limit > 0)) {
      throw new RangeError(
        `Cannot set a watchdog as watchdog must be a number greater than 0: current value is ${
          shown(limit)
        }`,
      );
    }
    this.#run = run;
    this.#limit = limit;
    this.#onSlow = onSlow;
  }

  woke(): void {}

  began(): void {}

  ended(g: G, began: number, at: number): void {
    const ms = at - began;
    if (ms <= this.#limit || g.run !== this.#run) return;
    try {
      this.#onSlow(g, ms);
    } catch (error) {
      g.run.fail(error);
    }
  }
}

function warn(goroutine: Goroutine, ms: number): void {
  const { id, name } = goroutine;
  console.warn(`goroutine ${id} [${name}] ran for ${Math.round(ms)} ms without yielding to others`);
}
