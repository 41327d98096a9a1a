// SPDX-License-Identifier: MIT
/**
 * A promise of the host as a `select` case.
 *
 * A promise gets one callback, however many selects it takes part in: a callback cannot be removed,
 * so a select in a loop would accumulate callbacks on a long-lived promise.
 */
import { needMethods } from "../validate/argument.ts";
import { PanicError } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { OUTCOME, SelectCase, SelectWaiter } from "./select_case.ts";
import { registerState } from "../sched/thread_state.ts";

/** Result of a promise as a `select` case. */
export type Resolved<T> = { value: T; ok: true };

/** See {@linkcode onPromise}. */
class PromiseCase<T> implements SelectCase<Resolved<T>> {
  declare readonly [OUTCOME]?: Resolved<T>;
  readonly #waiters = new Set<SelectWaiter>();
  #state: "pending" | "fulfilled" | "rejected" = "pending";
  /** Its value, or its rejection. */
  #outcome: unknown;

  constructor(promise: PromiseLike<T>) {
    const settle = (state: "fulfilled" | "rejected") => (outcome: unknown) => {
      this.#state = state;
      this.#outcome = outcome;
      for (const w of [...this.#waiters]) {
        this.dequeue(w);
        if (w.claim()) w.finish(undefined, true);
      }
    };
    Promise.resolve(promise).then(settle("fulfilled"), settle("rejected"));
  }

  try(waiter: SelectWaiter): boolean {
    return waiter.ok = this.#state !== "pending";
  }

  enqueue(waiter: SelectWaiter): void {
    if (scheduler.blocking) {
      throw new PanicError("onPromise under runSync: the host's event loop does not run; use run");
    }
    this.#waiters.add(waiter);
    scheduler.promises++;
  }

  dequeue(waiter: SelectWaiter): void {
    if (this.#waiters.delete(waiter)) scheduler.promises--;
  }

  describe(): string {
    return "promise";
  }

  collect(): T {
    if (this.#state === "rejected") throw this.#outcome;
    return this.#outcome as T;
  }
}

let cases = new WeakMap<object, PromiseCase<unknown>>();

registerState("promise cases", {
  fresh: () => new WeakMap<object, PromiseCase<unknown>>(),
  save: () => cases,
  restore: (state) => cases = state,
});

/**
 * Returns a `select` case that waits for a promise: `value` is what it resolves to, and `select`
 * throws the reason it rejects with. The promise itself is not affected. A promise counts as
 * settled only after a turn of the host's event loop, so `otherwise` is chosen over a promise that
 * has just resolved.
 *
 * @throws {PanicError} from `select`, under `runSync`, where no promise can resolve
 * @example
 * ```ts
 * const got = yield* select(onPromise(fetch(url)), after(1000).onRecv());
 * ```
 */
export function onPromise<T>(promise: PromiseLike<T>): SelectCase<Resolved<T>> {
  needMethods("select", "promise", "a promise", promise, "then");
  let found = cases.get(promise) as PromiseCase<T> | undefined;
  if (found === undefined) cases.set(promise, found = new PromiseCase(promise));
  return found;
}
