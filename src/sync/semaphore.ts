// SPDX-License-Identifier: MIT
/** A weighted semaphore. Go: golang.org/x/sync/semaphore. */
import { shown } from "../validate/argument.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { type Cancel, contextOf, endedBy } from "../context/cancellable.ts";
import { onCancel } from "../context/abort_signal.ts";
import { Held } from "./mutex.ts";
import { type LockWaiter, WaitList } from "./wait_list.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

function checkWeight(action: string, n: number): void {
  if (typeof n === "number" && n >= 0) return;
  throw new RangeError(
    `Cannot ${action} as n must be a number of at least 0: current value is ${shown(n)}`,
  );
}

/**
 * Weighted semaphore: limits a quantity that goroutines use in different amounts, such as ten
 * concurrent jobs or one megabyte in flight. Waiters are served first come, first served: a large
 * request is not overtaken by smaller ones. Go: `semaphore.Weighted`.
 *
 * @example
 * ```ts
 * const atWork = new Semaphore(10);
 * for (const url of urls) {
 *   yield* atWork.acquire();
 *   go(function* () {
 *     try { yield* fetchOne(url); } finally { atWork.release(); }
 *   });
 * }
 * ```
 */
export class Semaphore {
  static {
    showAs(Semaphore.prototype, (s) => `Semaphore(${s.#taken} of ${s.#size})`);
  }

  readonly #size: number;
  #taken = 0;
  readonly #waiters = new WaitList();

  /**
   * Creates a semaphore of which nothing is acquired. Go: `semaphore.NewWeighted`.
   *
   * @param n the total weight
   */
  constructor(n: number) {
    checkWeight("create a semaphore", n);
    this.#size = n;
  }

  /**
   * Acquires `n`, after all earlier waiters. Parks until `n` is available. A request for more than
   * the total weight waits until it is cancelled, possibly forever, without blocking later
   * requests.
   *
   * @param n the weight to acquire; 1 by default
   * @param cancel a context or an AbortSignal that cancels the call
   * @throws {CanceledError} or {@linkcode DeadlineExceededError} as {@linkcode cancellable}, with
   * nothing acquired; {@linkcode TypeError} if `cancel` is neither
   */
  *acquire(n = 1, cancel?: Cancel): Routine<void> {
    checkWeight("acquire", n);
    const ctx = cancel === undefined ? undefined : contextOf(cancel);
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    if (ctx !== undefined && ctx.err !== null) throw endedBy(ctx);
    if (this.tryAcquire(n)) return;
    const list = n > this.#size ? new WaitList() : this.#waiters;
    const w = list.add(n);
    const forget = ctx === undefined ? null : onCancel(ctx, () => scheduler.ready(w.g));
    let mine = false;
    try {
      while (!w.granted && !ctx?.err) yield scheduler.park("semaphore");
      mine = !ctx?.err;
    } finally {
      forget?.();
      if (!mine) this.#leave(list, w);
    }
    if (!mine) throw endedBy(ctx!);
  }

  /** Acquires `n` if that needs no waiting. Returns true on success. Never parks. */
  tryAcquire(n = 1): boolean {
    checkWeight("acquire", n);
    if (this.#size - this.#taken < n || this.#waiters.first !== null) return false;
    this.#taken += n;
    return true;
  }

  /**
   * Releases `n`. Never parks.
   *
   * @throws {PanicError} if less than `n` is acquired
   */
  release(n = 1): void {
    checkWeight("release", n);
    if (n > this.#taken) throw new PanicError("semaphore: released more than held");
    this.#taken -= n;
    this.#serve();
  }

  /** Acquires `n` until the end of the block: `using _ = yield* sem.acquired()`. Parks. */
  *acquired(n = 1, cancel?: Cancel): Routine<Held> {
    yield* this.acquire(n, cancel);
    return new Held(() => this.release(n));
  }

  #serve(): void {
    for (let w = this.#waiters.first; w !== null; w = this.#waiters.first) {
      // Later waiters may need less, but serving them would starve this one.
      if (this.#size - this.#taken < w.n) return;
      this.#taken += w.n;
      this.#waiters.grant();
    }
  }

  /**
   * `w` was ended, or its context was cancelled. It may be the one that kept the others waiting.
   */
  #leave(list: WaitList, w: LockWaiter): void {
    if (w.granted) this.release(w.n);
    else {
      list.remove(w);
      this.#serve();
    }
  }
}

notesCalls(Semaphore.prototype, "semaphore", "acquire", "acquired");
