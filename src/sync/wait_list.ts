// SPDX-License-Identifier: MIT
/** The list of waiters that most of this folder shares. Go: runtime/sema.go. */
import { DEAD, type G, PanicError } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";

/** A goroutine that waits for something of which it needs `n`. Go: runtime.sudog. */
export class LockWaiter {
  readonly g: G;
  readonly n: number;
  /** Whether it was given what it waits for. It is in no list from then on. */
  granted = false;
  /** Whether it was given that together with all the others that waited. */
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
    // Dead here is one that its run gave up on, as it parked over and over while it was ended.
    while (this.#first !== null && this.#first.g.state === DEAD) this.remove(this.#first);
    return this.#first;
  }

  /** Puts the current goroutine at the end. */
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

  /** Takes `w` out, which must be in it. */
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
