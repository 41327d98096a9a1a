// SPDX-License-Identifier: MIT
/** Waiting for a condition that others bring about under a lock. Go: sync/cond.go. */
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { Locker } from "./mutex.ts";
import { uninterrupted } from "./uninterrupted.ts";
import { WaitList } from "./wait_list.ts";

/**
 * A place where goroutines wait for something to be announced. Go: `sync.Cond`.
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
  /** What is held around the condition. */
  readonly l: Locker;
  readonly #waiters = new WaitList();

  /**
   * A condition that nobody waits for.
   *
   * @param l what is held around it: a Mutex, a RWMutex or its `rlocker()`
   */
  constructor(l: Locker) {
    this.l = l;
  }

  /**
   * Unlocks `l`, waits for `signal` or `broadcast`, and locks `l` again. Parks. The caller checks its
   * condition in a loop, as others may have had the lock since.
   *
   * A goroutine that is ended here also has the lock again when its `finally` blocks run, since they
   * unlock it; a signal that was meant for it goes to the next.
   *
   * @throws {PanicError} when `l` is not locked
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

  /** Wakes the goroutine that waits longest, if any does. Never parks; `l` need not be held. */
  signal(): void {
    this.#waiters.grant();
  }

  /** Wakes all that wait. Never parks; `l` need not be held. */
  broadcast(): void {
    this.#waiters.grantAll();
  }
}
