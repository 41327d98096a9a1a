// SPDX-License-Identifier: MIT
/**
 * The life of a descriptor, and whose turn it is. Go: internal/poll/fd_mutex.go.
 *
 * One goroutine may read and one may write at a time; others queue, first come, first served. Every
 * call holds a reference, and the descriptor is destroyed when it is closing and none is left: once,
 * and never while in use. As in Go the two locks are bits of one word; on one thread the rest are
 * plain fields.
 */
import type { Goroutine, Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";

/** The lock of readers, as a bit. */
export const READ_LOCK = 1;
/** The lock of writers, as a bit. */
export const WRITE_LOCK = 2;
/** Either of them. */
export type Lock = typeof READ_LOCK | typeof WRITE_LOCK;

/** Those who wait for a lock. Most descriptors never need one. */
class Line {
  /** The goroutine that was handed the lock and has not run since. */
  heir: Goroutine | null = null;
  queue: Goroutine[] = [];
}

/** What is destroyed in the end. */
export interface Destroyable {
  /** Called once, when it is closing and nobody uses it. */
  destroy(): void;
}

/** See the top of this file. */
export class FdMutex {
  /** Whether `close` was called. */
  closing = false;
  #held = 0;
  #references = 0;
  #readers: Line | null = null;
  #writers: Line | null = null;
  readonly #owner: Destroyable;

  constructor(owner: Destroyable) {
    this.#owner = owner;
  }

  /** Takes a reference for a call that needs neither lock. False if it is closing. */
  acquire(): boolean {
    if (this.closing) return false;
    this.#references++;
    return true;
  }

  /** Gives a reference back. */
  release(): void {
    if (--this.#references === 0 && this.closing) this.#owner.destroy();
  }

  /** Begins the end. False if it had begun. The caller then wakes those who are parked in a call. */
  close(): boolean {
    if (this.closing) return false;
    this.closing = true;
    for (const line of [this.#readers, this.#writers]) {
      line?.queue.forEach((g) => scheduler.ready(g));
    }
    if (this.#references === 0) this.#owner.destroy();
    return true;
  }

  /** Takes the lock if it is free and nothing is closing; else {@linkcode lock} waits for it. */
  tryLock(lock: Lock): boolean {
    if ((this.#held & lock) !== 0 || this.closing) return false;
    this.#held |= lock;
    this.#references++;
    return true;
  }

  /** Waits for the lock. False if the descriptor is closing. */
  *lock(lock: Lock): Routine<boolean> {
    if (this.tryLock(lock)) return true;
    if (this.closing) return false;
    const g = scheduler.current!;
    this.enqueue(lock, g);
    let mine = false;
    try {
      while (!(mine = this.claim(lock, g)) && !this.closing) yield scheduler.park("fd lock");
    } finally {
      if (!mine) this.leave(lock, g);
    }
    return mine;
  }

  /** Puts `g` in the queue for the lock; it is then to park, and to claim when it is woken. */
  enqueue(lock: Lock, g: Goroutine): void {
    const line = lock === READ_LOCK ? this.#readers ??= new Line() : this.#writers ??= new Line();
    line.queue.push(g);
  }

  /** Whether the lock was handed to `g`, which has it then. */
  claim(lock: Lock, g: Goroutine): boolean {
    const line = this.#line(lock);
    if (line?.heir !== g) return false;
    line.heir = null;
    return true;
  }

  /** `g` gives up waiting; if it was handed the lock meanwhile, the next one gets it. */
  leave(lock: Lock, g: Goroutine): void {
    const line = this.#line(lock);
    if (this.claim(lock, g)) this.unlock(lock);
    else if (line !== null) line.queue = line.queue.filter((other) => other !== g);
  }

  /** Gives the lock to the next in the queue, and the reference back. */
  unlock(lock: Lock): void {
    const line = this.#line(lock);
    if (line === null || line.queue.length === 0) this.#held &= ~lock;
    else this.#handOver(line);
    this.release();
  }

  /** The reference for the next is taken before ours goes, so that no gap ends the descriptor. */
  #handOver(line: Line): void {
    line.heir = line.queue.shift()!;
    this.#references++;
    scheduler.ready(line.heir);
  }

  #line(lock: Lock): Line | null {
    return lock === READ_LOCK ? this.#readers : this.#writers;
  }
}
