// SPDX-License-Identifier: MIT
/**
 * Lifetime of a descriptor, and exclusive access to it. Go: internal/poll/fd_mutex.go.
 *
 * One goroutine may read and one may write at a time; others queue, first come, first served. Every
 * call holds a reference, and the descriptor is destroyed when it is closing and none is left:
 * once, and never while in use. As in Go one word holds all of that: two locks, their waiters, the
 * closed ends, and the references. Go's FD has the mutex as a field by value; here it is
 * what an FD extends, for the same reason: a call then touches one object less.
 */
import { DEAD, type G, type Routine } from "../sched/goroutine.ts";
import type { Waitable } from "../sched/park.ts";
import { LinkedQueue } from "../sched/linked_queue.ts";
import { scheduler } from "../sched/thread.ts";

/** The lock of readers, as a bit. */
export const READ_LOCK = 1;
/** The lock of writers, as a bit. */
export const WRITE_LOCK = 2;
/** Both locks. */
export type Lock = typeof READ_LOCK | typeof WRITE_LOCK;

/** A lock's bit, shifted by this: it has waiters. */
const WANTED = 2;
/** The descriptor is closing. */
const CLOSING = 1 << 4;
/** A read has reached the end of the stream. */
const SAW_END = 1 << 5;
/** This side has shut down reading. */
const READ_ENDED = 1 << 6;
/** One reference; the higher bits count them. */
const REFERENCE = 1 << 7;

/** The wait queue of a lock. */
class Line {
  /** The goroutine to which the lock was passed and that has not run since. */
  nextOwner: G | null = null;
  readonly queue: LinkedQueue<G> = new LinkedQueue();
}

/** The wait queues of both locks, which most descriptors never need. */
class Lines {
  readonly readers = new Line();
  readonly writers = new Line();

  /** Returns the wait queue of `lock`. */
  of(lock: Lock): Line {
    return lock === READ_LOCK ? this.readers : this.writers;
  }
}

/** See the top of this file. */
export abstract class FdMutex {
  // Fields like these make up an idle connection: a private method would be one more of each on
  // Deno.
  private word = 0;
  private lines: Lines | null = null;

  /** Called once, when it is closing and unused. */
  protected abstract destroy(): void;

  /** Whether it was closed. */
  get closed(): boolean {
    return (this.word & CLOSING) !== 0;
  }

  /** Whether a read has reached the end of the stream. */
  protected get sawEOF(): boolean {
    return (this.word & SAW_END) !== 0;
  }

  protected set sawEOF(on: boolean) {
    this.word = on ? this.word | SAW_END : this.word & ~SAW_END;
  }

  /**
   * Whether this side has shut down reading: a read that would have to wait is at the end instead.
   */
  get readEnded(): boolean {
    return (this.word & READ_ENDED) !== 0;
  }

  /** Records that this side has shut down reading. */
  protected noteReadEnded(): void {
    this.word |= READ_ENDED;
  }

  /** Acquires a reference for a call that needs neither lock. Returns false if it is closing. */
  incref(): boolean {
    if (this.closed) return false;
    this.word += REFERENCE;
    return true;
  }

  /** Releases a reference. */
  decref(): void {
    this.word -= REFERENCE;
    this.endIfUnused();
  }

  /**
   * Starts closing. Returns false if it had started. The caller then wakes the parked goroutines.
   */
  beginClosing(): boolean {
    if (this.closed) return false;
    this.word |= CLOSING;
    if (this.lines !== null) {
      for (const g of this.lines.readers.queue) scheduler.ready(g);
      for (const g of this.lines.writers.queue) scheduler.ready(g);
    }
    this.endIfUnused();
    return true;
  }

  /**
   * Acquires the lock if it is free and nothing is closing; otherwise {@linkcode lock} waits for
   * it.
   */
  tryLock(lock: Lock): boolean {
    if ((this.word & (lock | CLOSING)) !== 0) return false;
    this.word = (this.word | lock) + REFERENCE;
    return true;
  }

  /** Whether a call holds the lock. */
  locked(lock: Lock): boolean {
    return (this.word & lock) !== 0;
  }

  /** Waits for the lock. Returns false if the descriptor is closing. */
  *lock(lock: Lock): Routine<boolean> {
    if (this.tryLock(lock)) return true;
    if (this.closed) return false;
    const g = scheduler.current!;
    this.enqueue(lock, g);
    let mine = false;
    try {
      while (!(mine = this.claim(lock, g)) && !this.closed) {
        yield scheduler.park("fd lock", this as unknown as Waitable);
      }
    } finally {
      if (!mine) this.leave(lock, g);
    }
    return mine;
  }

  /** Enqueues `g` for the lock; the caller parks it, and claims the lock once it is woken. */
  enqueue(lock: Lock, g: G): void {
    this.lines ??= new Lines();
    this.lines.of(lock).queue.push(g);
    this.word |= lock << WANTED;
  }

  /** Whether the lock was passed to `g`, which then holds it. */
  claim(lock: Lock, g: G): boolean {
    const line = this.lines?.of(lock);
    if (line?.nextOwner !== g) return false;
    line.nextOwner = null;
    return true;
  }

  /** Removes `g` from the queue; if it holds the lock by now, the lock passes to the next one. */
  leave(lock: Lock, g: G): void {
    const line = this.lines?.of(lock);
    if (this.claim(lock, g)) this.unlock(lock);
    else line?.queue.delete(g);
  }

  /** Passes the lock to the next in the queue, and releases the reference. */
  unlock(lock: Lock): void {
    // The next one takes over the reference as well.
    if ((this.word & (lock << WANTED)) !== 0 && this.handOver(lock)) return;
    this.word = (this.word & ~lock) - REFERENCE;
    this.endIfUnused();
  }

  /** False if the queue is empty. */
  private handOver(lock: Lock): boolean {
    const line = this.lines!.of(lock);
    let next = line.queue.shift();
    // Dead here means abandoned by its run.
    while (next !== null && next.state === DEAD) next = line.queue.shift();
    if (line.queue.size === 0) this.word &= ~(lock << WANTED);
    if (next === null) return false;
    line.nextOwner = next;
    scheduler.ready(next);
    return true;
  }

  private endIfUnused(): void {
    if (this.word < REFERENCE && (this.word & CLOSING) !== 0) this.destroy();
  }
}
