// SPDX-License-Identifier: MIT
/**
 * Making a failing run smaller: fewer decisions that are not 0, and smaller ones. Faults, latencies,
 * losses, the order of goroutines and what the program draws are all decisions, and 0 is the harmless
 * one, so what is left is what the failure needs. Zeller and Hildebrandt's ddmin, "Simplifying and
 * isolating failure-inducing input" (2002), by whole streams first.
 *
 * Nothing here draws or looks at a clock: the same failure is always made smaller in the same way.
 */
import type { Choice } from "../../../platforms/sim/choices.ts";
import { SimulationLimitError } from "../errors.ts";
import type { SimOptions } from "../options.ts";
import type { Steps } from "./attempt.ts";
import { failureKind } from "./failure_kind.ts";

/** A run that fails. */
export interface FailingRun {
  readonly options: SimOptions;
  readonly choices: readonly Choice[];
  readonly cause: unknown;
  readonly turns: number;
}

/** See the top of this file. */
export class Shrinker {
  /** The smallest list of decisions so far. */
  choices: readonly Choice[];
  /** Runs so far. */
  runs = 0;
  readonly #kind: string;
  readonly #budget: number;
  readonly #options: SimOptions;

  constructor({ options, choices, cause, turns }: FailingRun, budget: number) {
    this.choices = choices;
    this.#kind = failureKind(cause);
    this.#budget = budget;
    // A smaller run that goes on and on is another failure, and should not take long.
    const steps = cause instanceof SimulationLimitError ? options.steps : 4 * turns + 10_000;
    this.#options = { ...options, steps };
  }

  /** Whether there are runs left. */
  get hasBudget(): boolean {
    return this.runs < this.#budget;
  }

  /** Makes it as small as the runs allow. */
  *run(): Steps<void> {
    if (yield* this.#fails([])) return;
    yield* this.#withoutStreams();
    for (let before = -1; before !== this.#size && this.hasBudget;) {
      before = this.#size;
      yield* this.#withoutBlocks();
      yield* this.#smallerValues();
    }
  }

  /** Whether the failure is there without decisions about the order of goroutines. */
  *inOrder(): Steps<boolean> {
    if (!this.hasBudget || this.choices.some(([stream]) => stream === "schedule")) return false;
    return yield* this.#fails(this.choices, "fifo");
  }

  get #size(): number {
    return this.choices.reduce((sum, [, , value]) => sum + 1 + value, 0);
  }

  *#withoutStreams(): Steps<void> {
    const sizes = Map.groupBy(this.choices, ([stream]) => stream);
    const streams = [...sizes].sort(([, a], [, b]) => b.length - a.length).map(([name]) => name);
    for (const name of streams) {
      yield* this.#fails(this.choices.filter(([stream]) => stream !== name));
    }
  }

  *#withoutBlocks(): Steps<void> {
    for (let size = this.choices.length >> 1; size >= 1; size >>= 1) {
      // From the end: what happens after the cause is easily left out.
      for (let at = this.choices.length - size; at > -size && this.hasBudget; at -= size) {
        yield* this.#fails(this.choices.toSpliced(Math.max(at, 0), size + Math.min(at, 0)));
      }
    }
  }

  *#smallerValues(): Steps<void> {
    for (let i = 0; i < this.choices.length && this.hasBudget; i++) {
      const [stream, index, value] = this.choices[i];
      const smaller = (by: number) => this.#fails(this.choices.with(i, [stream, index, by]));
      if (value === 1 || (yield* smaller(1))) continue;
      for (let passes = 1, fails = value; fails - passes > 1 && this.hasBudget;) {
        const middle = (passes + fails) >>> 1;
        if (yield* smaller(middle)) fails = middle;
        else passes = middle;
      }
    }
  }

  /** Makes a run with these decisions, and keeps them if it fails in the same way. */
  *#fails(choices: readonly Choice[], schedule = this.#options.schedule): Steps<boolean> {
    if (!this.hasBudget) return false;
    this.runs++;
    const { error } = yield { ...this.#options, schedule, choices };
    if (error === null || failureKind(error.cause) !== this.#kind) return false;
    this.choices = choices;
    return true;
  }
}
