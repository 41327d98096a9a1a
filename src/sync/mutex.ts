// SPDX-License-Identifier: MIT
/**
 * Mutual exclusion, and the list of waiters that all of this folder shares. Go: sync/mutex.go over
 * runtime/sema.go.
 *
 * A lock that is given up goes straight to the goroutine that has waited longest, as in Go's
 * starvation mode: nobody barges in, and a waiter needs to be woken once only. Between the grant and
 * the waiter's next turn it may be ended; then it passes on what it was granted.
 */
import { type Goroutine, PanicError, PARK, type Park, type Routine } from "../sched/goroutine.ts";
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
}

/** Something that can be taken, such as one side of a lock, and who waits for it. */
export interface Takeable {
  /** What they wait for, in Go's words. */
  readonly reason: string;
  /** Those who wait. Whoever gives it up grants it to the first. */
  readonly waiters: WaitList;
  /** Takes it if that needs no wait, and gives whether it did. */
  take(): boolean;
  /** A waiter was ended, and waits no more. If it was granted, that is to be passed on. */
  ended(w: Waiter): void;
}

const TAKEN: IteratorResult<Park, void> = { done: true, value: undefined };
const PARKED: IteratorResult<Park, void> = { done: false, value: PARK };

/**
 * A taking under way: what `yield*` runs. A generator written by hand, because a generator costs
 * more than all the rest of it. `next` makes the attempt, and is called again when the goroutine was
 * woken; `return` is called instead when it is ended.
 */
class Taking {
  readonly #what: Takeable;
  /** Set while it waits. */
  #waiter: Waiter | null = null;

  constructor(what: Takeable) {
    this.#what = what;
  }

  next(): IteratorResult<Park, void> {
    if (this.#waiter === null) {
      // As much as Go's preemption: one that takes and gives in a loop lets the others run.
      if (scheduler.fuel-- <= 0) {
        scheduler.yieldNow();
        return PARKED;
      }
      if (this.#what.take()) return TAKEN;
      this.#waiter = this.#what.waiters.add();
    } else if (this.#waiter.granted) {
      this.#waiter = null;
      return TAKEN;
    }
    scheduler.park(this.#what.reason);
    return PARKED;
  }

  return(): IteratorResult<Park, void> {
    this.#leave();
    return TAKEN;
  }

  throw(error: unknown): IteratorResult<Park, void> {
    this.#leave();
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  #leave(): void {
    const w = this.#waiter;
    if (w === null) return;
    this.#waiter = null;
    if (!w.granted) this.#what.waiters.remove(w);
    this.#what.ended(w);
  }
}

/** Takes `what`, and waits for it if need be. Parks. */
export function take(what: Takeable): Routine<void> {
  return new Taking(what) as unknown as Routine<void>;
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
  readonly #lock: Takeable = {
    reason: "sync.Mutex.Lock",
    waiters: this.#waiters,
    take: () => this.tryLock(),
    ended: (w) => {
      if (w.granted) this.unlock();
    },
  };

  /** Waits until the mutex is this goroutine's. Parks. */
  lock(): Routine<void> {
    return take(this.#lock);
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
}
