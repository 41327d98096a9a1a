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

/** A link of the list of watchers. */
class Watch {
  readonly watcher: Watcher;
  /** The watcher's own timer, once there is a deadline. */
  timer: HeapTimer | null = null;
  next: Watch | null = null;

  constructor(watcher: Watcher) {
    this.watcher = watcher;
  }
}

function nothing(): void {}

/** See the top of this file. */
export class HalfConn {
  /** Held by the goroutine that is reading or writing. */
  readonly turn: Mutex = new Mutex();
  /** Wait reason of parked goroutines, in Go's words. */
  readonly #reason: string;
  #deadline = Infinity;
  /**
   * The watchers, the first first: mostly none or one, for which a Map would be large. Each has its
   * own timer once there is a deadline, which needs no timer while nothing waits.
   */
  #first: Watch | null = null;
  /** Called when the first waiter arrives. */
  onWatch: () => void = nothing;
  /** Called when a waiter leaves. */
  onUnwatch: () => void = nothing;

  constructor(reason: string) {
    this.#reason = reason;
  }

  /** Whether the deadline has passed. */
  get expired(): boolean {
    return this.#deadline !== Infinity && now() >= this.#deadline;
  }

  /** Whether anything waits. */
  get awaited(): boolean {
    return this.#first !== null;
  }

  /** Sets the deadline, in milliseconds of `performance.now()`; Infinity for none. */
  setDeadline(at: number): void {
    this.#deadline = at;
    if (this.#first === null) return;
    for (let one: Watch | null = this.#first; one !== null; one = one.next) this.#arm(one);
    if (this.expired) this.changed();
  }

  /** Wakes all waiters to retry. */
  changed(): void {
    const first = this.#first;
    if (first === null) return;
    if (first.next === null) return first.watcher.retry();
    // A retry may change the list.
    const all: Watcher[] = [];
    for (let one: Watch | null = first; one !== null; one = one.next) all.push(one.watcher);
    for (const watcher of all) watcher.retry();
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
    const watch = new Watch(watcher);
    if (this.#first === null) this.#first = watch;
    else {
      let last = this.#first;
      while (last.next !== null) last = last.next;
      last.next = watch;
    }
    this.#arm(watch);
    this.onWatch();
  }

  /** Ends a `watch`; does nothing if it has already ended. */
  unwatch(watcher: Watcher): void {
    let before: Watch | null = null;
    let watch = this.#first;
    while (watch !== null && watch.watcher !== watcher) {
      before = watch;
      watch = watch.next;
    }
    if (watch === null) return;
    if (before === null) this.#first = watch.next;
    else before.next = watch.next;
    this.onUnwatch();
    if (watch.timer !== null) scheduler.timers.stop(watch.timer);
  }

  /** Sets the timer of `watch` to the deadline. */
  #arm(watch: Watch): void {
    if (this.#deadline !== Infinity) {
      watch.timer ??= new CallTimer(() => watch.watcher.retry());
      scheduler.timers.set(watch.timer, this.#deadline);
    } else if (watch.timer !== null) scheduler.timers.stop(watch.timer);
  }
}
