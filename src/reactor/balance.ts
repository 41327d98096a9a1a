// SPDX-License-Identifier: MIT
/** Which worker gets the next connection. evio: LoadBalance. */
import type { LoadBalance } from "./reactor_options.ts";

/** What is to be known of a worker. */
export interface Candidate {
  /** Whether it can take another. */
  readonly ready: boolean;
  /** How many connections it has. */
  readonly connections: number;
}

/** See the top of this file. */
export class Balancer<C extends Candidate> {
  readonly #strategy: LoadBalance;
  readonly #all: readonly C[];
  #last = -1;

  constructor(strategy: LoadBalance, all: readonly C[]) {
    this.#strategy = strategy;
    this.#all = all;
  }

  /** The one that gets the next; null if none is ready. */
  choose(): C | null {
    switch (this.#strategy) {
      case "roundRobin":
        return this.#from(this.#last + 1);
      case "random":
        return this.#from(Math.floor(Math.random() * this.#all.length));
      case "leastConnections":
        return this.#least();
    }
  }

  /** The first that is ready, beginning with the one at `start`. */
  #from(start: number): C | null {
    const count = this.#all.length;
    for (let i = 0; i < count; i++) {
      const at = (start + i) % count;
      if (!this.#all[at].ready) continue;
      this.#last = at;
      return this.#all[at];
    }
    return null;
  }

  /** Of those with equally few the one that comes after the last, so that a quiet start is even. */
  #least(): C | null {
    let best = -1;
    const count = this.#all.length;
    for (let i = 1; i <= count; i++) {
      const at = (this.#last + i) % count;
      const one = this.#all[at];
      if (one.ready && (best < 0 || one.connections < this.#all[best].connections)) best = at;
    }
    if (best < 0) return null;
    this.#last = best;
    return this.#all[best];
  }
}
