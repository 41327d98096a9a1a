// SPDX-License-Identifier: MIT
/**
 * The case of a `select` for a source that only becomes ready: a readable socket, a connection
 * to accept. Another consumer may be faster, so it is tried again at each notification.
 */
import { isNothing, type NOTHING } from "./outcome.ts";
import type { OUTCOME, SelectCase, SelectWaiter } from "./select_case.ts";
import type { Waiter } from "./waiter.ts";

/** Source of a {@linkcode RetryCase}. */
export interface Retried<T> {
  /**
   * Performs the action if it needs no waiting; otherwise returns NOTHING. May throw the error of
   * `select`.
   */
  attempt(): T | typeof NOTHING;
  /** Calls `waiter.retry` at each change, until `unwatch`. */
  watch(waiter: Waiter): void;
  /** Ends a `watch`. */
  unwatch(waiter: Waiter): void;
  /** Its description in a dump. */
  describe(): string;
}

/** See the top of this file. */
export class RetryCase<T> implements SelectCase<{ value: T; ok: true }> {
  /** @internal */
  declare readonly [OUTCOME]?: { value: T; ok: true };
  readonly #what: Retried<T>;

  /** @internal */
  constructor(what: Retried<T>) {
    this.#what = what;
  }

  /** See {@linkcode SelectCase}. */
  try(waiter: SelectWaiter): boolean {
    const value = this.#what.attempt();
    if (isNothing(value)) return waiter.ok = false;
    waiter.value = value;
    return waiter.ok = true;
  }

  /** See {@linkcode SelectCase}. */
  enqueue(waiter: SelectWaiter): void {
    this.#what.watch(waiter as Waiter);
  }

  /** See {@linkcode SelectCase}. */
  dequeue(waiter: SelectWaiter): void {
    this.#what.unwatch(waiter as Waiter);
  }

  /** See {@linkcode SelectCase}. */
  describe(): string {
    return this.#what.describe();
  }

  /** See {@linkcode SelectCase}. */
  collect(waiter: SelectWaiter): T {
    return waiter.value as T;
  }
}
