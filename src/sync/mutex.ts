// SPDX-License-Identifier: MIT
/**
 * Mutual exclusion, and the list of waiters that all of this folder shares. Go: sync/mutex.go over
 * runtime/sema.go.
 *
 * A lock that is given up goes straight to the goroutine that has waited longest, as in Go's
 * starvation mode: nobody barges in, and a waiter needs to be woken once only. Between the grant and
 * the waiter's next turn it may be ended; then it passes on what it was granted.
 */
import { type Goroutine, PanicError, type Routine } from "../sched/goroutine.ts";
import { goDaemon } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";

/** A goroutine that waits for something of which it needs `n`. Go: runtime.sudog. */
export class Waiter {
  readonly g: Goroutine;
  readonly n: number;
  /** Whether it was given what it waits for. It is in no list from then on. */
  granted = false;
  /** Whether it was given that together with all the others that waited. */
  together = false;
  /** Links of the list. */
  earlier: Waiter | null = null;
  /** See `earlier`. */
  later: Waiter | null = null;

  constructor(g: Goroutine, n: number) {
    this.g = g;
    this.n = n;
  }
}

/** Goroutines that wait for the same thing, first come, first served. Go: runtime.semaRoot. */
export class WaitList {
  #first: Waiter | null = null;
  #last: Waiter | null = null;

  /** The one that waits longest. */
  get first(): Waiter | null {
    // Dead here is one that its run gave up on, as it parked over and over while it was ended.
    while (this.#first !== null && this.#first.g.status === "dead") this.remove(this.#first);
    return this.#first;
  }

  /** Puts the current goroutine at the end. */
  add(n = 1): Waiter {
    const g = scheduler.current;
    if (g === null) throw new PanicError("wait outside a goroutine");
    const w = new Waiter(g, n);
    w.earlier = this.#last;
    if (this.#last === null) this.#first = w;
    else this.#last.later = w;
    this.#last = w;
    return w;
  }

  /** Takes `w` out, which must be in it. */
  remove(w: Waiter): void {
    if (w.earlier === null) this.#first = w.later;
    else w.earlier.later = w.later;
    if (w.later === null) this.#last = w.earlier;
    else w.later.earlier = w.earlier;
    w.earlier = w.later = null;
  }

  /** Gives the first what it waits for; null if nobody waits. */
  grant(): Waiter | null {
    const w = this.first;
    if (w === null) return null;
    this.remove(w);
    w.granted = true;
    scheduler.ready(w.g);
    return w;
  }

  /** Gives it to all. */
  grantAll(): void {
    for (let w = this.grant(); w !== null; w = this.grant()) w.together = true;
  }

  /**
   * Waits to be granted. Parks. If the goroutine is ended first, it is taken out of the list and
   * `onEnded` is told, which has to give back what was granted already.
   */
  *wait(reason: string, onEnded: (w: Waiter) => void, n = 1): Routine<void> {
    const w = this.add(n);
    let mine = false;
    try {
      while (!w.granted) yield scheduler.park(reason);
      mine = true;
    } finally {
      if (!mine) {
        if (!w.granted) this.remove(w);
        onEnded(w);
      }
    }
  }
}

/**
 * Does `routine` to its end although the goroutine is being ended, and ended again: for a `finally`
 * block that must not be left half done.
 *
 * When a generator parks in its `finally` block and is resumed from there, the `yield*` above it
 * has forgotten that it was to return, and its caller would go on as if nothing had happened. So
 * the goroutine is ended once more behind the last park.
 */
export function* toTheEnd(routine: Routine<void>): Routine<void> {
  const drive = { routine, parked: false, done: false };
  yield* driveOn(drive);
  if (!drive.parked) return;
  const g = scheduler.current!;
  let here = true;
  goDaemon(g.run, "end", function* () {
    if (here) scheduler.end(g);
  });
  try {
    for (;;) yield scheduler.park("end");
  } finally {
    here = false;
  }
}

interface Drive {
  readonly routine: Routine<void>;
  parked: boolean;
  done: boolean;
}

/** Calls `next` until the routine is done, whatever is called on itself. */
function* driveOn(drive: Drive): Routine<void> {
  while (!drive.done) {
    const step = drive.routine.next();
    drive.done = step.done === true;
    if (step.done) return;
    drive.parked = true;
    let resumed = false;
    try {
      yield step.value;
      resumed = true;
    } finally {
      // Ended again. Whoever waits does so in a loop, and finds that nothing has come yet.
      if (!resumed) yield* driveOn(drive);
    }
  }
}

/** What can be locked. Go: `sync.Locker`. */
export interface Locker {
  /** Waits until the lock is this goroutine's. Parks. */
  lock(): Routine<void>;
  /** Gives the lock up. Never parks. */
  unlock(): void;
}

/** Something held, which disposing gives back: once, however often it is disposed. */
export class Held implements Disposable {
  #giveBack: (() => void) | null;

  /** @internal */
  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  /** Gives it back. */
  [Symbol.dispose](): void {
    const giveBack = this.#giveBack;
    this.#giveBack = null;
    giveBack?.();
  }
}

/**
 * A mutual exclusion lock, for what must not be seen half done by others although it parks in the
 * middle: without a `yield*` in between, no lock is needed on one thread. First come, first served.
 * It belongs to no goroutine: one may lock it and another unlock it. Go: `sync.Mutex`.
 *
 * @example
 * ```ts
 * const mu = new Mutex();
 * go(function* () {
 *   using _ = yield* mu.locked();
 *   yield* conn.write(header);
 *   yield* conn.write(body);
 * });
 * ```
 */
export class Mutex implements Locker {
  #held = false;
  readonly #waiters = new WaitList();

  /** Waits until the mutex is this goroutine's. Parks. */
  *lock(): Routine<void> {
    if (scheduler.fuel-- <= 0) yield scheduler.yieldNow();
    if (this.tryLock()) return;
    // As WaitList.wait does, but here: a generator within a generator costs a third more.
    const w = this.#waiters.add();
    let mine = false;
    try {
      while (!w.granted) yield scheduler.park("sync.Mutex.Lock");
      mine = true;
    } finally {
      if (!mine) this.#leave(w);
    }
  }

  /** Locks it if it is free, and gives whether it did. Never parks. */
  tryLock(): boolean {
    if (this.#held) return false;
    return this.#held = true;
  }

  /**
   * Hands it to the goroutine that waits longest. Never parks.
   *
   * @throws {PanicError} when it is not locked
   */
  unlock(): void {
    if (!this.#held) throw new PanicError("sync: unlock of unlocked mutex");
    // If somebody waits, it is theirs at once and stays held.
    if (this.#waiters.grant() === null) this.#held = false;
  }

  /** Locks it until the end of the block: `using _ = yield* mu.locked()`. Parks. */
  *locked(): Routine<Held> {
    yield* this.lock();
    return new Held(() => this.unlock());
  }

  /** A waiter was ended. */
  #leave(w: Waiter): void {
    if (w.granted) this.unlock();
    else this.#waiters.remove(w);
  }
}
