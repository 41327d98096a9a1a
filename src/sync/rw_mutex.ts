// SPDX-License-Identifier: MIT
/**
 * Reader/writer lock. Go: sync/rwmutex.go.
 *
 * Neither side starves: a waiting writer blocks later readers, and readers that wait when a writer
 * unlocks go before the next writer.
 */
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { Held, type Locker } from "./mutex.ts";
import { type Acquirable, Semacquire } from "./semacquire.ts";
import { WaitList } from "./wait_list.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/**
 * Reader/writer lock: held by any number of readers, or by one writer. A goroutine that holds the
 * read lock must not acquire it again, because a writer may be waiting in between. Go:
 * `sync.RWMutex`.
 *
 * @example
 * ```ts
 * const mu = new RWMutex();
 * go(function* () {
 *   using _ = yield* mu.rlocked();
 *   yield* conn.write(table.get(key));
 * });
 * ```
 */
export class RWMutex implements Locker {
  static {
    showAs(RWMutex.prototype, (mu) => {
      if (mu.#writing) return "RWMutex(locked)";
      return `RWMutex(${mu.#reading > 0 ? `read-locked by ${mu.#reading}` : "unlocked"})`;
    });
  }

  #writing = false;
  #reading = 0;
  readonly #readers = new WaitList();
  readonly #writers = new WaitList();
  readonly #read: Acquirable = {
    reason: "sync.RWMutex.RLock",
    waiters: this.#readers,
    take: () => this.tryRLock(),
    ended: (w) => {
      if (w.granted) this.runlock();
    },
  };
  readonly #write: Acquirable = {
    reason: "sync.RWMutex.Lock",
    waiters: this.#writers,
    take: () => this.tryLock(),
    ended: (w) => {
      if (w.granted) this.unlock();
      // It may have been the only one that kept the readers out.
      else if (!this.#writing && this.#writers.first === null) this.#admitReaders();
    },
  };
  readonly #rlocking = new Semacquire(this.#read);
  readonly #locking = new Semacquire(this.#write);

  /** Acquires the read lock. Parks while a writer holds the lock or waits for it. */
  rlock(): Routine<void> {
    return this.#rlocking.begin();
  }

  /** Acquires the read lock if that needs no waiting. Returns true on success. Never parks. */
  tryRLock(): boolean {
    if (this.#writing || this.#writers.first !== null) return false;
    this.#reading++;
    return true;
  }

  /**
   * Releases one read lock. Never parks.
   *
   * @throws {PanicError} if no read lock is held
   */
  runlock(): void {
    if (this.#reading === 0) throw new PanicError("sync: RUnlock of unlocked RWMutex");
    this.#reading--;
    if (this.#reading === 0) this.#admitWriter();
  }

  /** Acquires the write lock. Parks while a reader or another writer holds the lock. */
  lock(): Routine<void> {
    return this.#locking.begin();
  }

  /** Acquires the write lock if that needs no waiting. Returns true on success. Never parks. */
  tryLock(): boolean {
    if (this.#writing || this.#reading > 0) return false;
    return this.#writing = true;
  }

  /**
   * Releases the write lock, to the waiting readers or else to the next writer. Never parks.
   *
   * @throws {PanicError} if the write lock is not held
   */
  unlock(): void {
    if (!this.#writing) throw new PanicError("sync: Unlock of unlocked RWMutex");
    this.#writing = false;
    this.#admitReaders();
    if (this.#reading === 0) this.#admitWriter();
  }

  /** Holds the read lock until the end of the block: `using _ = yield* mu.rlocked()`. Parks. */
  *rlocked(): Routine<Held> {
    yield* this.rlock();
    return new Held(() => this.runlock());
  }

  /** Holds the write lock until the end of the block: `using _ = yield* mu.locked()`. Parks. */
  *locked(): Routine<Held> {
    yield* this.lock();
    return new Held(() => this.unlock());
  }

  /**
   * Returns a {@linkcode Locker} whose `lock` and `unlock` are `rlock` and `runlock`. Never parks.
   */
  rlocker(): Locker {
    return { lock: () => this.rlock(), unlock: () => this.runlock() };
  }

  #admitReaders(): void {
    while (this.#readers.grant() !== null) this.#reading++;
  }

  #admitWriter(): void {
    if (this.#writers.grant() !== null) this.#writing = true;
  }
}

notesCalls(RWMutex.prototype, "mutex", "rlock", "lock", "rlocked", "locked");
