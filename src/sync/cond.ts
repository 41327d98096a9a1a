// SPDX-License-Identifier: MIT
/** Condition variables. Go: sync/cond.go. */
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { Locker } from "./mutex.ts";
import { uninterrupted } from "./uninterrupted.ts";
import { WaitList } from "./wait_list.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/**
 * Condition variable: goroutines wait until another one signals that a condition may have changed.
 * Go: `sync.Cond`.
 *
 * @example
 * ```ts
 * const mu = new Mutex();
 * const filled = new Cond(mu);
 * go(function* () {
 *   using _ = yield* mu.locked();
 *   while (queue.length === 0) yield* filled.wait();
 *   work(queue.shift());
 * });
 * ```
 */
export class Cond {
  /** Lock that protects the condition. */
  readonly l: Locker;
  readonly #waiters = new WaitList();

  /**
   * Creates a condition variable without waiters. Go: `sync.NewCond`.
   *
   * @param l the lock that protects the condition: a Mutex, an RWMutex or its `rlocker()`
   */
  constructor(l: Locker) {
    this.l = l;
  }

  /**
   * Unlocks `l`, waits for `signal` or `broadcast`, and locks `l` again. Parks. Check the condition
   * in a loop: other goroutines may have held the lock in the meantime.
   *
   * A goroutine that is ended while it waits also holds the lock again when its `finally` blocks
   * run, because they unlock it; a signal meant for it goes to the next waiter.
   *
   * @throws {PanicError} if `l` is not locked
   */
  *wait(): Routine<void> {
    this.l.unlock();
    const w = this.#waiters.add();
    let ended = true;
    try {
      while (!w.granted) yield scheduler.park("sync.Cond.Wait");
      yield* this.l.lock();
      ended = false;
    } finally {
      if (ended) {
        if (!w.granted) this.#waiters.remove(w);
        else if (!w.together) this.signal();
        yield* uninterrupted(this.l.lock());
      }
    }
  }

  /**
   * Wakes the goroutine that has waited longest, if there is one. `l` need not be held. Never
   * parks.
   */
  signal(): void {
    this.#waiters.grant();
  }

  /** Wakes all waiting goroutines. `l` need not be held. Never parks. */
  broadcast(): void {
    this.#waiters.grantAll();
  }
}

showAs(Cond.prototype, () => "Cond()");

notesCalls(Cond.prototype, "cond", "wait");
