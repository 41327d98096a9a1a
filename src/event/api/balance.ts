// SPDX-License-Identifier: MIT
/** How connections are distributed over loops or workers. Go: evio, type LoadBalance. */

/**
 * "random"; "roundRobin", each in turn; "leastConnections", the first one with the fewest
 * connections.
 */
export type LoadBalance = "random" | "roundRobin" | "leastConnections";

/** Chooses among `loads.length` slots; `loads` has the number of connections of each. */
export class Balancer {
  readonly #strategy: LoadBalance;
  #next = 0;

  constructor(strategy: LoadBalance) {
    this.#strategy = strategy;
  }

  /** Returns the index of the next slot. */
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
