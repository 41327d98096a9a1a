// SPDX-License-Identifier: MIT
/** The list of waiters that most of this folder uses. Go: runtime/sema.go. */
import { DEAD, type G, PanicError } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";

/** A waiting goroutine, which needs `n` units. Go: runtime.sudog. */
export class LockWaiter {
  readonly g: G;
  readonly n: number;
  /** Whether its wait was granted. It is in no list from then on. */
  granted = false;
  /** Whether it was granted together with all the other waiters. */
  together = false;
  /** Links of the list. */
  earlier: LockWaiter | null = null;
  /** See `earlier`. */
  later: LockWaiter | null = null;

  constructor(g: G, n: number) {
    this.g = g;
    this.n = n;
  }
}

/** Goroutines that wait for the same thing, first come, first served. Go: runtime.semaRoot. */
export class WaitList {
  #first: LockWaiter | null = null;
  #last: LockWaiter | null = null;

  /** The one that waits longest. */
  get first(): LockWaiter | null {
    // Dead here means abandoned by its run, because it kept parking while it was being ended.
    while (this.#first !== null && this.#first.g.state === DEAD) this.remove(this.#first);
    return this.#first;
  }

  /** Appends the current goroutine. */
  add(n = 1): LockWaiter {
    const g = scheduler.current;
    if (g === null) throw new PanicError("wait outside a goroutine");
    const w = new LockWaiter(g, n);
    w.earlier = this.#last;
    if (this.#last === null) this.#first = w;
    else this.#last.later = w;
    this.#last = w;
    return w;
  }

  /** Removes `w`, which must be in the list. */
  remove(w: LockWaiter): void {
    if (w.earlier === null) this.#first = w.later;
    else w.earlier.later = w.later;
    if (w.later === null) this.#last = w.earlier;
    else w.later.earlier = w.earlier;
    w.earlier = w.later = null;
  }

  /** Grants the first waiter what it waits for; returns null if the list is empty. */
  grant(): LockWaiter | null {
    const w = this.first;
    if (w === null) return null;
    this.remove(w);
    w.granted = true;
    scheduler.ready(w.g);
    return w;
  }

  /** Grants every waiter what it waits for. */
  grantAll(): void {
    for (let w = this.grant(); w !== null; w = this.grant()) w.together = true;
  }
}
