// SPDX-License-Identifier: MIT
/**
 * The case of a `select` for whatever only becomes ready: a socket that can be read, a connection
 * that can be accepted. Others may be faster, so it is tried again each time it is told to.
 */
import { isNothing, type NOTHING } from "./outcome.ts";
import type { OUTCOME, SelectCase, SelectWaiter } from "./select_case.ts";
import type { Waiter } from "./waiter.ts";

/** What a {@linkcode RetryCase} waits for. */
export interface Retried<T> {
  /** Makes it happen if that needs no wait; NOTHING if it does. May throw what `select` is to throw. */
  attempt(): T | typeof NOTHING;
  /** Has `waiter` told to retry whenever something has changed, until `unwatch`. */
  watch(waiter: Waiter): void;
  /** Ends a `watch`. */
  unwatch(waiter: Waiter): void;
  /** What a dump calls it. */
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
