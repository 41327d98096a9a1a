// SPDX-License-Identifier: MIT
/** Which loop a new connection goes to. Go: evio, type LoadBalance. */

/**
 * "random"; "roundRobin", one after the other; "leastConnections", the one that has the fewest, of
 * several the first.
 */
export type LoadBalance = "random" | "roundRobin" | "leastConnections";

/** Chooses among `loads.length` places; `loads` tells how many connections each has. */
export class Balancer {
  readonly #strategy: LoadBalance;
  #next = 0;

  constructor(strategy: LoadBalance) {
    this.#strategy = strategy;
  }

  /** The index of the next one's place. */
  choose(loads: readonly { readonly connections: number }[]): number {
    switch (this.#strategy) {
      case "random":
        return Math.floor(Math.random() * loads.length);
      case "roundRobin": {
        const chosen = this.#next % loads.length;
        this.#next = chosen + 1;
        return chosen;
      }
      case "leastConnections":
        return fewest(loads);
    }
  }
}

function fewest(loads: readonly { readonly connections: number }[]): number {
  let least = 0;
  for (let i = 1; i < loads.length; i++) {
    if (loads[i].connections < loads[least].connections) least = i;
  }
  return least;
}
