// SPDX-License-Identifier: MIT
/**
 * Waiters of a channel, and their queues. Go: runtime/chan.go, sudog and waitq.
 *
 * A waiter carries its value in both directions: a sender's until it is received, a receiver's once
 * it has arrived. Completing a waiter removes it from its queue, fills it in and makes its
 * goroutine runnable, so a value passes directly from one goroutine to the other. Waiters of
 * goroutines are recycled: parking allocates nothing.
 */
import type { G } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { SelectWaiter } from "./select_case.ts";
import { registerState } from "../sched/thread_state.ts";

/** State shared by the waiters of one `select`: the first that is completed wins. */
export interface SelectState {
  /** The waiter that won, or null. */
  winner: Waiter | null;
  /** Whether to look at the cases again: one has won, or `retry` was called. */
  woken: boolean;
}

/** One goroutine, or one call of the host's code, in one queue. */
export class Waiter implements SelectWaiter {
  /** The goroutine; null when it is the host's code that waits. */
  g: G | null = null;
  value: unknown = undefined;
  ok = false;
  done = false;
  /** The `select` that it is a case of, or null. */
  selectState: SelectState | null = null;
  /** Index of that case. */
  index = 0;
  /** Called instead of waking a goroutine, when the host's code waits. */
  settle: ((waiter: Waiter) => void) | null = null;
  /** Its queue. */
  queue: WaitQueue | null = null;
  /** Links of the queue. */
  prev: Waiter | null = null;
  /** See `prev`; also the link of the free list. */
  next: Waiter | null = null;

  claim(): boolean {
    const { selectState } = this;
    if (selectState === null) return true;
    if (selectState.winner !== null) return false;
    selectState.winner = this;
    selectState.woken = true;
    return true;
  }

  finish(value: unknown, ok: boolean): void {
    this.value = value;
    this.ok = ok;
    this.done = true;
    if (this.g !== null) scheduler.ready(this.g);
    else this.settle?.(this);
  }

  retry(): void {
    if (this.selectState !== null) this.selectState.woken = true;
    if (this.g !== null) scheduler.ready(this.g);
  }
}

/** A queue of waiters, in order of arrival. */
export class WaitQueue {
  /** The first in the queue. */
  first: Waiter | null = null;
  #last: Waiter | null = null;

  /** Appends `w`. */
  push(w: Waiter): void {
    w.queue = this;
    w.prev = this.#last;
    if (this.#last === null) this.first = w;
    else this.#last.next = w;
    this.#last = w;
  }

  /** Removes and returns the first that can still be completed, or null. Go: dequeue. */
  take(): Waiter | null {
    for (let w = this.first; w !== null; w = this.first) {
      this.remove(w);
      if (w.claim()) return w;
    }
    return null;
  }

  /** Removes `w`, if it is in the queue. Go: dequeueSudoG. */
  remove(w: Waiter): void {
    if (w.queue !== this) return;
    if (w.prev === null) this.first = w.next;
    else w.prev.next = w.next;
    if (w.next === null) this.#last = w.prev;
    else w.next.prev = w.prev;
    w.queue = w.prev = w.next = null;
  }
}

let recycled: Waiter | null = null;

registerState<Waiter | null>("recycled waiters", {
  fresh: () => null,
  save: () => recycled,
  restore: (state) => recycled = state,
});

/** Returns a waiter for the current goroutine. Go: acquireSudog. */
export function acquireWaiter(value: unknown): Waiter {
  const w = recycled ?? new Waiter();
  recycled = w.next;
  w.next = null;
  w.g = scheduler.current;
  w.value = value;
  return w;
}

/** Recycles a waiter that is in no queue. Go: releaseSudog. */
export function releaseWaiter(w: Waiter): void {
  w.g = null;
  w.value = undefined;
  w.ok = w.done = false;
  w.next = recycled;
  recycled = w;
}
