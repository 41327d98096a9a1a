// SPDX-License-Identifier: MIT
/**
 * One direction of a connection without a descriptor of its own: its lock, its waiters and its
 * deadline. It corresponds to pollDesc and fdMutex of a descriptor.
 */
import type { G, Routine } from "../../sched/goroutine.ts";
import { scheduler } from "../../sched/thread.ts";
import { CallTimer, type HeapTimer } from "../../sched/timer_heap.ts";
import { Mutex } from "../../sync/mutex.ts";
import { now } from "../../sched/clock.ts";

/** Waiter that retries after each change, and when the deadline has passed. */
export interface Watcher {
  retry(): void;
}

/** A parked goroutine. */
class ParkedG implements Watcher {
  readonly #g: G;

  constructor(g: G) {
    this.#g = g;
  }

  retry(): void {
    scheduler.ready(this.#g);
  }
}

/** See the top of this file. */
export class HalfConn {
  /** Held by the goroutine that is reading or writing. */
  readonly turn: Mutex = new Mutex();
  /** Wait reason of parked goroutines, in Go's words. */
  readonly #reason: string;
  #deadline = Infinity;
  /**
   * Each waiter has its own timer once there is a deadline, which needs no timer while nothing
   * waits.
   */
  readonly #watchers = new Map<Watcher, HeapTimer | null>();
  /** Called when the first waiter arrives. */
  onWatch: () => void = () => {};
  /** Called when a waiter leaves. */
  onUnwatch: () => void = () => {};

  constructor(reason: string) {
    this.#reason = reason;
  }

  /** Whether the deadline has passed. */
  get expired(): boolean {
    return this.#deadline !== Infinity && now() >= this.#deadline;
  }

  /** Whether anything waits. */
  get awaited(): boolean {
    return this.#watchers.size > 0;
  }

  /** Sets the deadline, in milliseconds of `performance.now()`; Infinity for none. */
  setDeadline(at: number): void {
    this.#deadline = at;
    if (this.#watchers.size === 0) return;
    for (const [watcher, timer] of this.#watchers) {
      this.#watchers.set(watcher, this.#armed(watcher, timer));
    }
    if (this.expired) this.changed();
  }

  /** Wakes all waiters to retry. */
  changed(): void {
    if (this.#watchers.size === 0) return;
    for (const watcher of [...this.#watchers.keys()]) watcher.retry();
  }

  /** Waits until something has changed or the deadline has passed. May end early. Parks. */
  *wait(): Routine<void> {
    const watcher = new ParkedG(scheduler.current!);
    this.watch(watcher);
    try {
      yield scheduler.park(this.#reason);
    } finally {
      this.unwatch(watcher);
    }
  }

  /** Registers `watcher` until `unwatch`. */
  watch(watcher: Watcher): void {
    this.#watchers.set(watcher, this.#armed(watcher, null));
    this.onWatch();
  }

  /** Ends a `watch`; does nothing if it has already ended. */
  unwatch(watcher: Watcher): void {
    const timer = this.#watchers.get(watcher);
    if (timer === undefined) return;
    this.#watchers.delete(watcher);
    this.onUnwatch();
    if (timer !== null) scheduler.timers.stop(timer);
  }

  /** Sets the timer of `watcher` to the deadline, and returns it. */
  #armed(watcher: Watcher, timer: HeapTimer | null): HeapTimer | null {
    if (this.#deadline === Infinity) {
      if (timer !== null) scheduler.timers.stop(timer);
      return timer;
    }
    const armed = timer ?? new CallTimer(() => watcher.retry());
    scheduler.timers.set(armed, this.#deadline);
    return armed;
  }
}
