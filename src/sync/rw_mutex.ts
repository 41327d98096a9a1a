// SPDX-License-Identifier: MIT
/**
 * Many readers or one writer. Go: sync/rwmutex.go.
 *
 * Nobody starves: a writer that waits keeps later readers out, and the readers that wait when a
 * writer unlocks go before the next writer.
 */
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { Held, type Locker } from "./mutex.ts";
import { type Acquirable, Semacquire } from "./semacquire.ts";
import { WaitList } from "./wait_list.ts";

/**
 * A lock that any number of readers hold together, or one writer alone. A goroutine that reads must
 * not lock it for reading again: a writer may be waiting in between. Go: `sync.RWMutex`.
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

  /** Waits until there is neither a writer nor one that waits. Parks. */
  rlock(): Routine<void> {
    return this.#rlocking.begin();
  }

  /** Locks it for reading if that needs no wait, and gives whether it did. Never parks. */
  tryRLock(): boolean {
    if (this.#writing || this.#writers.first !== null) return false;
    this.#reading++;
    return true;
  }

  /**
   * Ends one reader's lock. Never parks.
   *
   * @throws {PanicError} when nobody reads
   */
  runlock(): void {
    if (this.#reading === 0) throw new PanicError("sync: RUnlock of unlocked RWMutex");
    this.#reading--;
    if (this.#reading === 0) this.#admitWriter();
  }

  /** Waits until there is neither a reader nor another writer. Parks. */
  lock(): Routine<void> {
    return this.#locking.begin();
  }

  /** Locks it for writing if that needs no wait, and gives whether it did. Never parks. */
  tryLock(): boolean {
    if (this.#writing || this.#reading > 0) return false;
    return this.#writing = true;
  }

  /**
   * Ends the writer's lock: to the readers that wait, or else to the next writer. Never parks.
   *
   * @throws {PanicError} when nobody writes
   */
  unlock(): void {
    if (!this.#writing) throw new PanicError("sync: Unlock of unlocked RWMutex");
    this.#writing = false;
    this.#admitReaders();
    if (this.#reading === 0) this.#admitWriter();
  }

  /** Locks it for reading until the end of the block: `using _ = yield* mu.rlocked()`. Parks. */
  *rlocked(): Routine<Held> {
    yield* this.rlock();
    return new Held(() => this.runlock());
  }

  /** Locks it for writing until the end of the block: `using _ = yield* mu.locked()`. Parks. */
  *locked(): Routine<Held> {
    yield* this.lock();
    return new Held(() => this.unlock());
  }

  /** A {@linkcode Locker} whose `lock` and `unlock` are `rlock` and `runlock`. Never parks. */
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
