// SPDX-License-Identifier: MIT
// Rates of a scenario over time.

/** A moment: seconds since the beginning, and the rates then, a second. */
export interface Moment {
  readonly seconds: number;
  readonly rates: Readonly<Record<string, number>>;
}

/** The moments of one scenario. */
export class Timeline {
  readonly moments: Moment[] = [];
  readonly #began = performance.now();

  /** Adds the rates of now. */
  add(rates: Record<string, number>): void {
    this.moments.push({ seconds: (performance.now() - this.#began) / 1000, rates });
  }
}
