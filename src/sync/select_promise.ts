// SPDX-License-Identifier: MIT
/**
 * A promise of the host as a case of `select`.
 *
 * A promise is asked once, however many selects it takes part in: what has been asked for cannot be
 * taken back, and a select in a loop would pile up callbacks on a promise that lives long.
 */
import { PanicError } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { Waiter } from "./chan_waiter.ts";
import type { OUTCOME, SelectCase } from "./select_case.ts";

/** Made by {@linkcode onPromise}. */
export class PromiseCase<T> implements SelectCase<{ value: T; ok: true }> {
  /** @internal */
  declare readonly [OUTCOME]?: { value: T; ok: true };
  readonly #waiters = new Set<Waiter>();
  #state: "pending" | "fulfilled" | "rejected" = "pending";
  /** What it resolved to, or was rejected with. */
  #outcome: unknown;

  /** @internal */
  constructor(promise: PromiseLike<T>) {
    const settle = (state: "fulfilled" | "rejected") => (outcome: unknown) => {
      this.#state = state;
      this.#outcome = outcome;
      for (const w of [...this.#waiters]) {
        this.withdraw(w);
        if (w.claim()) w.finish(undefined, true);
      }
    };
    Promise.resolve(promise).then(settle("fulfilled"), settle("rejected"));
  }

  /** See {@linkcode SelectCase}. */
  try(waiter: Waiter): boolean {
    return waiter.ok = this.#state !== "pending";
  }

  /** See {@linkcode SelectCase}. */
  enrol(waiter: Waiter): void {
    if (scheduler.blocking) {
      throw new PanicError("onPromise under runSync: the host's loop stands still; use run");
    }
    this.#waiters.add(waiter);
    scheduler.promises++;
  }

  /** See {@linkcode SelectCase}. */
  withdraw(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) scheduler.promises--;
  }

  /** See {@linkcode SelectCase}. */
  collect(): T {
    if (this.#state === "rejected") throw this.#outcome;
    return this.#outcome as T;
  }
}

const cases = new WeakMap<object, PromiseCase<unknown>>();

/**
 * The case of a `select` that waits for a promise: `value` is what it resolves to; `select` throws
 * what it rejects with. The promise itself goes on whatever happens. That it is settled shows only
 * after the host had its turn, so `otherwise` goes before a promise that has just been resolved.
 *
 * @throws {PanicError} (when `select` comes to wait for it) under `runSync`, where no promise can
 * resolve
 * @example
 * ```ts
 * const got = yield* select(onPromise(fetch(url)), after(1000).onRecv());
 * ```
 */
export function onPromise<T>(promise: PromiseLike<T>): PromiseCase<T> {
  let found = cases.get(promise) as PromiseCase<T> | undefined;
  if (found === undefined) cases.set(promise, found = new PromiseCase(promise));
  return found;
}
