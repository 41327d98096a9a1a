// SPDX-License-Identifier: MIT
/** Mutual exclusion. Go: sync/mutex.go. */
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { type Acquirable, Semacquire } from "./semacquire.ts";
import { type LockWaiter, WaitList } from "./wait_list.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/** A lock. Go: `sync.Locker`. */
export interface Locker {
  /** Acquires the lock. Parks until it is available. */
  lock(): Routine<void>;
  /** Releases the lock. Never parks. */
  unlock(): void;
}

/** A lock or semaphore units held until disposal. Disposing it again has no effect. */
export class Held implements Disposable {
  #giveBack: (() => void) | null;

  /** @internal */
  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  /** Releases what is held. */
  [Symbol.dispose](): void {
    const giveBack = this.#giveBack;
    this.#giveBack = null;
    giveBack?.();
  }
}

/** The state of a mutex. */
export class Lock implements Acquirable {
  readonly reason = "sync.Mutex.Lock";
  readonly waiters = new WaitList();
  held = false;

  take(): boolean {
    if (this.held) return false;
    return this.held = true;
  }

  ended(w: LockWaiter): void {
    if (w.granted) this.give();
  }

  give(): void {
    if (!this.held) throw new PanicError("sync: unlock of unlocked mutex");
    // With a waiter, ownership passes to it at once and the mutex stays locked.
    if (this.waiters.grant() === null) this.held = false;
  }
}

/**
 * Mutual exclusion lock, for state that other goroutines must not see while its holder is parked.
 * Without a `yield*` in the critical section, a single thread needs no lock. Waiters are served
 * first come, first served. The lock is not associated with a goroutine: one may lock it and
 * another unlock it. Go: `sync.Mutex`.
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
  static {
    showAs(Mutex.prototype, (mu) => `Mutex(${mu.#lock.held ? "locked" : "unlocked"})`);
  }

  readonly #lock = new Lock();
  readonly #acquire = new Semacquire(this.#lock);

  /** Locks the mutex. Parks until it is available. */
  lock(): Routine<void> {
    return this.#acquire.begin();
  }

  /** Locks the mutex if it is free. Returns true on success. Never parks. */
  tryLock(): boolean {
    return this.#lock.take();
  }

  /**
   * Unlocks the mutex, handing it to the goroutine that has waited longest. Never parks.
   *
   * @throws {PanicError} if it is not locked
   */
  unlock(): void {
    this.#lock.give();
  }

  /** Locks the mutex until the end of the block: `using _ = yield* mu.locked()`. Parks. */
  *locked(): Routine<Held> {
    yield* this.lock();
    return new Held(() => this.unlock());
  }
}

notesCalls(Mutex.prototype, "mutex", "lock", "locked");
