// SPDX-License-Identifier: MIT
/**
 * Who waits on a channel, and the queues that they stand in. Go: runtime/chan.go, sudog and waitq.
 *
 * A waiter carries its value in both directions: a sender's until it is taken, a receiver's once it
 * has come. Whoever completes it takes it out of its queue, fills it in and makes its goroutine
 * runnable, so a value goes from one goroutine to the other without a stop on the way. Those of
 * goroutines are recycled: to park allocates nothing.
 */
import type { G } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { SelectWaiter } from "./select_case.ts";
import { registerState } from "../sched/thread_state.ts";

/** What the waiters of one `select` share: the first that is completed is the one that happens. */
export interface SelectState {
  /** The waiter that won, or null. */
  winner: Waiter | null;
  /** Whether to look at the cases again: one was won, or `retry` was called. */
  woken: boolean;
}

/** One goroutine, or one call of the host's code, waiting for one thing. */
export class Waiter implements SelectWaiter {
  /** The goroutine; null when it is the host's code that waits. */
  g: G | null = null;
  value: unknown = undefined;
  ok = false;
  done = false;
  /** The `select` that it is a case of, or null. */
  selectState: SelectState | null = null;
  /** Which case. */
  index = 0;
  /** Called instead of waking a goroutine, when the host's code waits. */
  settle: ((waiter: Waiter) => void) | null = null;
  /** Where it stands. */
  queue: WaitQueue | null = null;
  /** Links of the queue. */
  prev: Waiter | null = null;
  /** See `prev`; also the link of the recycled. */
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

/** Waiters, the first come first. */
export class WaitQueue {
  /** The one that has waited longest. */
  first: Waiter | null = null;
  #last: Waiter | null = null;

  /** Puts `w` at the end. */
  push(w: Waiter): void {
    w.queue = this;
    w.prev = this.#last;
    if (this.#last === null) this.first = w;
    else this.#last.next = w;
    this.#last = w;
  }

  /** Takes out the first that can still be completed, or gives null. Go: dequeue. */
  take(): Waiter | null {
    for (let w = this.first; w !== null; w = this.first) {
      this.remove(w);
      if (w.claim()) return w;
    }
    return null;
  }

  /** Takes `w` out, if it is in. Go: dequeueSudoG. */
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

/** A waiter for the current goroutine. Go: acquireSudog. */
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
