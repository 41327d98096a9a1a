// SPDX-License-Identifier: MIT
/**
 * One direction of a connection without a descriptor of its own: its lock, its waiters and its
 * deadline. It corresponds to pollDesc and fdMutex of a descriptor.
 */
import type { Routine } from "../../sched/goroutine.ts";
import { scheduler } from "../../sched/thread.ts";
import { CallTimer, type HeapTimer } from "../../sched/timer_heap.ts";
import { Mutex } from "../../sync/mutex.ts";
import { now } from "../../sched/clock.ts";

/** Waiter that retries after each change, and when the deadline has passed. */
export interface Watcher {
  retry(): void;
}

/** See the top of this file. */
export class HalfConn {
  /** Held by the goroutine that is reading or writing. */
  readonly turn: Mutex = new Mutex();
  /** Wait reason of parked goroutines, in Go's words. */
  readonly #reason: string;
  #deadline = Infinity;
  /** Each waiter has its own timer, so that the deadline needs no timer while nothing waits. */
  readonly #watchers = new Map<Watcher, HeapTimer>();
  /** Called when the first waiter arrives. */
  onWatch: () => void = () => {};
  /** Called when a waiter leaves. */
  onUnwatch: () => void = () => {};

  constructor(reason: string) {
    this.#reason = reason;
  }

  /** Whether the deadline has passed. */
  get expired(): boolean {
    return now() >= this.#deadline;
  }

  /** Whether anything waits. */
  get awaited(): boolean {
    return this.#watchers.size > 0;
  }

  /** Sets the deadline, in milliseconds of `performance.now()`; Infinity for none. */
  setDeadline(at: number): void {
    this.#deadline = at;
    for (const timer of this.#watchers.values()) this.#arm(timer);
    if (this.expired) this.changed();
  }

  /** Wakes all waiters to retry. */
  changed(): void {
    for (const watcher of [...this.#watchers.keys()]) watcher.retry();
  }

  /** Waits until something has changed or the deadline has passed. May end early. Parks. */
  *wait(): Routine<void> {
    const g = scheduler.current!;
    const watcher = { retry: () => scheduler.ready(g) };
    this.watch(watcher);
    try {
      yield scheduler.park(this.#reason);
    } finally {
      this.unwatch(watcher);
    }
  }

  /** Registers `watcher` until `unwatch`. */
  watch(watcher: Watcher): void {
    const timer = new CallTimer(() => watcher.retry());
    this.#watchers.set(watcher, timer);
    this.#arm(timer);
    this.onWatch();
  }

  /** Ends a `watch`; does nothing if it has already ended. */
  unwatch(watcher: Watcher): void {
    const timer = this.#watchers.get(watcher);
    if (timer === undefined) return;
    this.#watchers.delete(watcher);
    this.onUnwatch();
    scheduler.timers.stop(timer);
  }

  #arm(timer: HeapTimer): void {
    if (this.#deadline === Infinity) scheduler.timers.stop(timer);
    else scheduler.timers.set(timer, this.#deadline);
  }
}
