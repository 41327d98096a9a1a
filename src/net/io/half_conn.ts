// SPDX-License-Identifier: MIT
/**
 * One direction of a connection without a descriptor of its own: its lock, its waiters and its
 * deadline. It corresponds to pollDesc and fdMutex of a descriptor.
 */
import type { G, Routine } from "../../sched/goroutine.ts";
import { scheduler } from "../../sched/thread.ts";
import { DONE, park, type Step } from "../../sched/step.ts";
import { type HeapTimer, NO_SLOT } from "../../sched/timer_heap.ts";
import { Turn } from "./turn.ts";
import { now } from "../../sched/clock.ts";

/** Waiter that retries after each change, and when the deadline has passed. */
export interface Watcher {
  retry(): void;
}

/** States of a {@linkcode Wait}. */
const UNUSED = 0;
const BEGUN = 1;
const PARKED = 2;

/**
 * A goroutine's wait for a change, as `yield*` drives it: a generator written by hand. One serves
 * all waits of its direction unless they overlap, so that a wait leaves no garbage, which would be
 * old by its end.
 */
class Wait implements Watcher {
  // A private method of the language would cost each of them a field more on Deno.
  private readonly half: HalfConn;
  private g: G | null = null;
  private state = UNUSED;

  constructor(half: HalfConn) {
    this.half = half;
  }

  /** Returns this for a call or, while it serves another call, a new one. */
  begin(): Routine<void> {
    const wait = this.state === UNUSED ? this : new Wait(this.half);
    wait.state = BEGUN;
    return wait as unknown as Routine<void>;
  }

  next(): Step<void> {
    if (this.state === PARKED) {
      this.end();
      return DONE;
    }
    this.state = PARKED;
    this.g = scheduler.current;
    this.half.watch(this);
    return park(this.half.reason, null, this);
  }

  return(): Step<void> {
    this.end();
    return { done: true, value: undefined };
  }

  throw(error: unknown): Step<never> {
    this.end();
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  retry(): void {
    if (this.g !== null) scheduler.ready(this.g);
  }

  private end(): void {
    this.half.unwatch(this);
    this.g = null;
    this.state = UNUSED;
  }
}

/** A link of the list of watchers, and the watcher's own timer, active if there is a deadline. */
class Watch implements HeapTimer {
  slot = NO_SLOT;
  watcher: Watcher;
  next: Watch | null = null;

  constructor(watcher: Watcher) {
    this.watcher = watcher;
  }

  fire(): void {
    this.watcher.retry();
  }
}

/** The watcher of an unused link. */
const NO_WATCHER: Watcher = { retry: nothing };

function nothing(): void {}

/** See the top of this file. */
export class HalfConn {
  /** Held by the goroutine that is reading or writing. */
  readonly turn: Turn = new Turn();
  /** Wait reason of parked goroutines, in Go's words. */
  readonly reason: string;
  #deadline = Infinity;
  /**
   * The watchers, the first first: mostly none or one, for which a Map would be large. Each has its
   * own timer once there is a deadline, which needs no timer while nothing waits.
   */
  #first: Watch | null = null;
  /** A link for the next watcher. */
  #spare: Watch | null = null;
  #wait: Wait | null = null;
  /** Called when the first waiter arrives. */
  onWatch: () => void = nothing;
  /** Called when a waiter leaves. */
  onUnwatch: () => void = nothing;

  constructor(reason: string) {
    this.reason = reason;
  }

  /** Whether it keeps the objects of a wait for the next one. */
  protected get reuses(): boolean {
    return true;
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
  wait(): Routine<void> {
    if (!this.reuses) return new Wait(this).begin();
    return (this.#wait ??= new Wait(this)).begin();
  }

  /** Registers `watcher` until `unwatch`. */
  watch(watcher: Watcher): void {
    const watch = this.#spare ?? new Watch(watcher);
    watch.watcher = watcher;
    this.#spare = null;
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
    watch.watcher = NO_WATCHER;
    watch.next = null;
    if (this.reuses) this.#spare = watch;
    scheduler.timers.stop(watch);
    this.onUnwatch();
  }

  /** Sets the timer of `watch` to the deadline. */
  #arm(watch: Watch): void {
    if (this.#deadline !== Infinity) scheduler.timers.set(watch, this.#deadline);
    else scheduler.timers.stop(watch);
  }
}
