// SPDX-License-Identifier: MIT
/** Chooses the worker for the next connection. evio: LoadBalance. */
import type { LoadBalance } from "../event/api/balance.ts";

/** Load of a worker. */
export interface Candidate {
  /** Whether it can accept another connection. */
  readonly able: boolean;
  /** Whether it should be given another: it can accept one, and is within its limits. */
  readonly ready: boolean;
  /** Number of its connections. */
  readonly connections: number;
}

/** See the top of this file. */
export class WorkerBalancer<C extends Candidate> {
  readonly #strategy: LoadBalance;
  readonly #all: readonly C[];
  #last = -1;

  constructor(strategy: LoadBalance, all: readonly C[]) {
    this.#strategy = strategy;
    this.#all = all;
  }

  /**
   * Returns the worker for the next connection; null if none is able to take it. Workers may have
   * become busy since they were last asked: if none is ready any more, an able one takes what has
   * been accepted already.
   */
  choose(): C | null {
    return this.#choose(({ ready }) => ready) ?? this.#choose(({ able }) => able);
  }

  #choose(fits: (one: C) => boolean): C | null {
    switch (this.#strategy) {
      case "roundRobin":
        return this.#from(this.#last + 1, fits);
      case "random":
        return this.#from(Math.floor(Math.random() * this.#all.length), fits);
      case "leastConnections":
        return this.#least(fits);
    }
  }

  /** Returns the first that fits, beginning with the one at `start`. */
  #from(start: number, fits: (one: C) => boolean): C | null {
    const count = this.#all.length;
    for (let i = 0; i < count; i++) {
      const at = (start + i) % count;
      if (!fits(this.#all[at])) continue;
      this.#last = at;
      return this.#all[at];
    }
    return null;
  }

  /** Of those with equally few, the one after the last chosen, so that a quiet start is even. */
  #least(fits: (one: C) => boolean): C | null {
    let best = -1;
    const count = this.#all.length;
    for (let i = 1; i <= count; i++) {
      const at = (this.#last + i) % count;
      const one = this.#all[at];
      if (fits(one) && (best < 0 || one.connections < this.#all[best].connections)) best = at;
    }
    if (best < 0) return null;
    this.#last = best;
    return this.#all[best];
  }
}
