// SPDX-License-Identifier: MIT
/**
 * The life of a descriptor, and whose turn it is. Go: internal/poll/fd_mutex.go.
 *
 * One goroutine may read and one may write at a time; others queue, first come, first served. Every
 * call holds a reference, and the descriptor is destroyed when it is closing and none is left: once,
 * and never while in use. On one thread plain fields do what Go packs into an atomic word.
 */
import type { Goroutine, Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";

/** One direction: who has it, and who waits for it. */
class Side {
  locked = false;
  /** The goroutine that was handed the lock and has not run since. */
  heir: Goroutine | null = null;
  queue: Goroutine[] = [];
}

/** See the top of this file. */
export class FdMutex {
  /** Whether `close` was called. */
  closing = false;
  #references = 0;
  readonly #read = new Side();
  readonly #write = new Side();
  readonly #destroy: () => void;

  /** `destroy` is called once, when it is closing and nobody uses it. */
  constructor(destroy: () => void) {
    this.#destroy = destroy;
  }

  /** Takes a reference for a call that needs neither lock. False if it is closing. */
  acquire(): boolean {
    if (this.closing) return false;
    this.#references++;
    return true;
  }

  /** Gives a reference back. */
  release(): void {
    this.#references--;
    if (this.closing && this.#references === 0) this.#destroy();
  }

  /** Begins the end. False if it had begun. The caller then wakes those who are parked in a call. */
  close(): boolean {
    if (this.closing) return false;
    this.closing = true;
    for (const side of [this.#read, this.#write]) side.queue.forEach((g) => scheduler.ready(g));
    if (this.#references === 0) this.#destroy();
    return true;
  }

  /** Takes the read lock if it is free and nothing is closing; else {@linkcode lockRead} waits. */
  tryLockRead(): boolean {
    return this.#tryLock(this.#read);
  }

  /** Waits for the read lock. False if the descriptor is closing. */
  lockRead(): Routine<boolean> {
    return this.#lock(this.#read);
  }

  /** Gives the read lock to the next reader. */
  unlockRead(): void {
    this.#unlock(this.#read);
  }

  /** As {@linkcode tryLockRead}. */
  tryLockWrite(): boolean {
    return this.#tryLock(this.#write);
  }

  /** As {@linkcode lockRead}. */
  lockWrite(): Routine<boolean> {
    return this.#lock(this.#write);
  }

  /** As {@linkcode unlockRead}. */
  unlockWrite(): void {
    this.#unlock(this.#write);
  }

  #tryLock(side: Side): boolean {
    if (side.locked || this.closing) return false;
    side.locked = true;
    this.#references++;
    return true;
  }

  *#lock(side: Side): Routine<boolean> {
    if (this.#tryLock(side)) return true;
    if (this.closing) return false;
    const g = scheduler.current!;
    side.queue.push(g);
    let mine = false;
    try {
      while (side.heir !== g && !this.closing) yield scheduler.park("fd lock");
      mine = side.heir === g;
    } finally {
      if (!mine) this.#leave(side, g);
    }
    if (!mine) return false;
    side.heir = null;
    return true;
  }

  /** The wait ended without the lock, or the goroutine was ended when it had just been handed it. */
  #leave(side: Side, g: Goroutine): void {
    if (side.heir === g) {
      side.heir = null;
      this.#unlock(side);
    } else {
      side.queue = side.queue.filter((other) => other !== g);
    }
  }

  #unlock(side: Side): void {
    const next = side.queue.length > 0 ? side.queue.shift()! : null;
    if (next === null) {
      side.locked = false;
    } else {
      // The reference for the next is taken before ours goes, so that no gap ends the descriptor.
      side.heir = next;
      this.#references++;
      scheduler.ready(next);
    }
    this.release();
  }
}
