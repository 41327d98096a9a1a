// SPDX-License-Identifier: MIT
import type { Waitable } from "../sched/park.ts";
/**
 * Acquiring something that may have to be waited for. Go: runtime/sema.go, semacquire.
 *
 * A release passes ownership to the goroutine that has waited longest, as in the starvation mode of
 * Go's mutexes: no goroutine barges in, and a waiter is woken exactly once. Between the grant and
 * the waiter's next turn it may be ended; then it passes on what it was granted.
 */
import type { Routine } from "../sched/goroutine.ts";
import { objectId } from "../sched/object_id.ts";
import { DONE, letOthersRun, mayGoOn, park, type Step } from "../sched/step.ts";
import { scheduler } from "../sched/thread.ts";
import type { LockWaiter, WaitList } from "./wait_list.ts";
import { refuseAwait } from "../sched/misuse.ts";

/** A resource that can be acquired, such as one side of a lock, with its waiters. */
export interface Acquirable {
  /** Wait reason, in Go's words. */
  readonly reason: string;
  /** The wait queue. A release grants ownership to its first waiter. */
  readonly waiters: WaitList;
  /** Acquires it if that needs no waiting; returns true on success. */
  take(): boolean;
  /** A waiter was ended. If it had been granted ownership, that passes to the next one. */
  ended(w: LockWaiter): void;
}

/**
 * An acquire in progress: what `yield*` drives. `next` makes the attempt, and is called again when
 * the goroutine was woken; `return` is called instead when it is ended.
 */
export class Semacquire implements Waitable {
  readonly #what: Acquirable;
  /** Whether it is unused. */
  #unused = true;
  /** Set while it waits. */
  #waiter: LockWaiter | null = null;

  constructor(what: Acquirable) {
    this.#what = what;
  }

  /** Returns this for a call or, while it serves another call, a new one. */
  begin(): Routine<void> {
    const call = this.#unused ? this : new Semacquire(this.#what);
    call.#unused = false;
    return call as unknown as Routine<void>;
  }

  next(): Step<void> {
    if (this.#unused) return DONE;
    if (this.#waiter !== null || !mayGoOn() || !this.#what.take()) return this.#wait();
    this.#unused = true;
    return DONE;
  }

  return(): Step<void> {
    this.#leave();
    return { done: true, value: undefined };
  }

  throw(error: unknown): Step<void> {
    this.#leave();
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  describe(): string {
    return `lock ${objectId(this.#what)}`;
  }

  #wait(): Step<void> {
    if (this.#waiter === null) {
      if (scheduler.budget < 0) return letOthersRun();
      this.#waiter = this.#what.waiters.add();
    } else if (this.#waiter.g !== scheduler.current) {
      // To its former caller the call is over.
      return DONE;
    } else if (this.#waiter.granted) {
      this.#waiter = null;
      this.#unused = true;
      return DONE;
    }
    return park(this.#what.reason, this, this);
  }

  #leave(): void {
    const w = this.#waiter;
    if (w !== null && w.g !== scheduler.current) return;
    this.#unused = true;
    if (w === null) return;
    this.#waiter = null;
    if (!w.granted) this.#what.waiters.remove(w);
    this.#what.ended(w);
  }
}

refuseAwait(Semacquire.prototype, "mutex.lock");
