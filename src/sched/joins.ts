// SPDX-License-Identifier: MIT
/**
 * Waiters for the end of a goroutine: goroutines parked in `join`, and code of the host that awaits
 * its promise. A goroutine that is never joined has no such object.
 */

/** How a goroutine ended. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** @typeParam G The goroutine: a parameter, because that class refers to this one. */
export class Joins<G> {
  /** Goroutines parked in `join`. */
  readonly parked: Set<G> = new Set();
  #promise: Promise<unknown> | null = null;
  #settle: ((outcome: Outcome<unknown>) => void) | null = null;

  /** Whether an error of the goroutine is received here. */
  get receive(): boolean {
    return this.#promise !== null || this.parked.size > 0;
  }

  /** Returns the promise, made at the first call; `outcome` is how the goroutine has ended. */
  promise(outcome: Outcome<unknown> | null): Promise<unknown> {
    if (this.#promise !== null) return this.#promise;
    this.#promise = new Promise((resolve, reject) => {
      this.#settle = (outcome) => outcome.ok ? resolve(outcome.value) : reject(outcome.error);
    });
    // It is a join: the error counts as caught, whether or not the promise is awaited.
    this.#promise.catch(ignore);
    if (outcome !== null) this.settle(outcome);
    return this.#promise;
  }

  /** Settles the promise. Returns false if there is none. */
  settle(outcome: Outcome<unknown>): boolean {
    if (this.#settle === null) return false;
    this.#settle(outcome);
    this.#settle = null;
    return true;
  }
}

function ignore(): void {}
