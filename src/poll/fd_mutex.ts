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
export class Side {
  locked = false;
  /** The goroutine that was handed the lock and has not run since. */
  heir: Goroutine | null = null;
  queue: Goroutine[] = [];
}

/** See the top of this file. */
export class FdMutex {
  /** Whether `close` was called. */
  closing = false;
  /** The lock of readers. */
  readonly read: Side = new Side();
  /** The lock of writers. */
  readonly write: Side = new Side();
  #references = 0;
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
    for (const side of [this.read, this.write]) side.queue.forEach((g) => scheduler.ready(g));
    if (this.#references === 0) this.#destroy();
    return true;
  }

  /** Takes the lock if it is free and nothing is closing; else {@linkcode lock} waits for it. */
  tryLock(side: Side): boolean {
    if (side.locked || this.closing) return false;
    side.locked = true;
    this.#references++;
    return true;
  }

  /** Waits for the lock. False if the descriptor is closing. */
  *lock(side: Side): Routine<boolean> {
    if (this.tryLock(side)) return true;
    if (this.closing) return false;
    const g = scheduler.current!;
    this.enqueue(side, g);
    let mine = false;
    try {
      while (!(mine = this.claim(side, g)) && !this.closing) yield scheduler.park("fd lock");
    } finally {
      if (!mine) this.leave(side, g);
    }
    return mine;
  }

  /** Puts `g` in the queue for the lock; it is then to park, and to claim when it is woken. */
  enqueue(side: Side, g: Goroutine): void {
    side.queue.push(g);
  }

  /** Whether the lock was handed to `g`, which has it then. */
  claim(side: Side, g: Goroutine): boolean {
    if (side.heir !== g) return false;
    side.heir = null;
    return true;
  }

  /** `g` gives up waiting; if it was handed the lock meanwhile, the next one gets it. */
  leave(side: Side, g: Goroutine): void {
    if (this.claim(side, g)) this.unlock(side);
    else side.queue = side.queue.filter((other) => other !== g);
  }

  /** Gives the lock to the next in the queue, and the reference back. */
  unlock(side: Side): void {
    if (side.queue.length === 0) side.locked = false;
    else this.#handOver(side, side.queue.shift()!);
    if (--this.#references === 0 && this.closing) this.#destroy();
  }

  /** The reference for the next is taken before ours goes, so that no gap ends the descriptor. */
  #handOver(side: Side, next: Goroutine): void {
    side.heir = next;
    this.#references++;
    scheduler.ready(next);
  }
}
