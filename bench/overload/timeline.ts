// SPDX-License-Identifier: MIT
// Rates of a scenario over time.

/** A point: seconds since the start, and the rates per second at that time. */
export interface Moment {
  readonly seconds: number;
  readonly rates: Readonly<Record<string, number>>;
}

/** Points of one scenario. */
export class Timeline {
  readonly moments: Moment[] = [];
  readonly #began = performance.now();

  /** Adds the current rates. */
  add(rates: Record<string, number>): void {
    this.moments.push({ seconds: (performance.now() - this.#began) / 1000, rates });
  }
}
