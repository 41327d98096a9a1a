// SPDX-License-Identifier: MIT
/** Mutual exclusion. Go: sync/mutex.go. */
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { type Acquirable, Semacquire } from "./semacquire.ts";
import { type LockWaiter, WaitList } from "./wait_list.ts";

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

/** The state of a mutex. */
class Lock implements Acquirable {
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
    // If somebody waits, it is theirs at once and stays held.
    if (this.waiters.grant() === null) this.held = false;
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
  readonly #lock = new Lock();
  readonly #taking = new Semacquire(this.#lock);

  /** Waits until the mutex is this goroutine's. Parks. */
  lock(): Routine<void> {
    return this.#taking.begin();
  }

  /** Locks it if it is free, and gives whether it did. Never parks. */
  tryLock(): boolean {
    return this.#lock.take();
  }

  /**
   * Hands it to the goroutine that waits longest. Never parks.
   *
   * @throws {PanicError} when it is not locked
   */
  unlock(): void {
    this.#lock.give();
  }

  /** Locks it until the end of the block: `using _ = yield* mu.locked()`. Parks. */
  *locked(): Routine<Held> {
    yield* this.lock();
    return new Held(() => this.unlock());
  }
}
