// SPDX-License-Identifier: MIT
/**
 * Probabilistic concurrency testing: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized
 * scheduler with probabilistic guarantees of finding bugs" (2010).
 *
 * Each goroutine has a random priority, and the highest one runs. At `depth - 1` random moments the
 * priority of the one that would run becomes lower than all others. A bug that needs `depth` events in
 * an order is found with a probability of at least 1 / (n * k^(depth - 1)), for n goroutines and k
 * moments.
 *
 * A goroutine of high priority that waits in a loop for one of low priority would wait for ever: after
 * twice the expected moments the choice is uniform.
 */
import { Choices, type Stream } from "../../../platforms/sim/choices.ts";
import type { Goroutine } from "../../sched/goroutine.ts";
import type { Schedule } from "../options.ts";

/** Options of a {@linkcode PctSchedule}. */
export interface PctOptions {
  /** Ordering constraints of the bugs that are looked for: `depth - 1` priorities change. */
  readonly depth: number;
  /** Expected number of decisions in the run. */
  readonly steps: number;
  /** Seed of the priorities. */
  readonly seed: number;
}

/** Priorities of goroutines start above those of changes. */
const WIDE = 0x4000_0000;

/** See the top of this file. */
export class PctSchedule implements Schedule {
  readonly #stream: Stream;
  readonly #steps: number;
  /** Steps at which a priority drops, each with a priority below all earlier ones. */
  readonly #changes = new Map<number, number>();
  readonly #priorities = new Map<number, number>();
  #at = 0;

  constructor({ depth, steps, seed }: PctOptions) {
    this.#stream = new Choices({ seed }).stream("pct");
    this.#steps = Math.max(1, steps);
    for (let i = 1; i < depth; i++) this.#changes.set(this.#stream.choose(this.#steps), -i);
  }

  /** See {@linkcode Schedule.pick}. */
  pick(runnable: readonly Goroutine[]): number {
    const at = this.#at++;
    if (at >= 2 * this.#steps) return this.#stream.choose(runnable.length);
    const change = this.#changes.get(at);
    if (change !== undefined) this.#priorities.set(runnable[this.#highest(runnable)].id, change);
    return this.#highest(runnable);
  }

  #highest(runnable: readonly Goroutine[]): number {
    let best = 0;
    let most = -Infinity;
    runnable.forEach(({ id }, i) => {
      const priority = this.#priority(id);
      if (priority > most) [best, most] = [i, priority];
    });
    return best;
  }

  #priority(id: number): number {
    let priority = this.#priorities.get(id);
    if (priority === undefined) {
      priority = this.#stream.choose(WIDE);
      this.#priorities.set(id, priority);
    }
    return priority;
  }
}
