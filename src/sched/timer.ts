// SPDX-License-Identifier: MIT
/**
 * Timers in a heap of four children a node. Go: runtime/time.go.
 *
 * A timer knows its place, so that it can be taken out. One that is put off to a later time stays
 * where it is and moves only when its old time comes: a deadline that is renewed around each read
 * costs no movement at all.
 */

/** Children of a node: fewer levels than a binary heap, and siblings side by side. */
const ARITY = 4;
/** Place of a timer that is not in the heap. */
const NOWHERE = -1;

/** Calls `fire` once when its time has come. Times are milliseconds of `performance.now()`. */
export class HeapTimer {
  /** When it is due. */
  when = 0;
  /** The time that decides its place; never later than `when`. */
  key = 0;
  /** Its index in the heap. */
  place = NOWHERE;
  readonly fire: () => void;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  /** Whether it will fire. */
  get active(): boolean {
    return this.place !== NOWHERE;
  }
}

/** All the timers of a thread. */
export class TimerHeap {
  readonly #heap: HeapTimer[] = [];

  /** How many are active. */
  get size(): number {
    return this.#heap.length;
  }

  /** A time at or before the next timer's, or Infinity. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0].key;
  }

  /** Sets `timer` to fire at `when`, whether it is active or not. */
  set(timer: HeapTimer, when: number): void {
    timer.when = when;
    if (timer.place === NOWHERE) {
      timer.key = when;
      timer.place = this.#heap.length;
      this.#heap.push(timer);
      this.#up(timer);
    } else if (when < timer.key) {
      timer.key = when;
      this.#up(timer);
    }
  }

  /** Takes `timer` out. Gives whether it was active. */
  stop(timer: HeapTimer): boolean {
    const { place } = timer;
    if (place === NOWHERE) return false;
    timer.place = NOWHERE;
    const last = this.#heap.pop()!;
    if (last !== timer) {
      last.place = place;
      this.#heap[place] = last;
      this.#up(last);
      this.#down(last);
    }
    return true;
  }

  /** Fires all that are due at `now`, in the order of their times. Gives how many. */
  fire(now: number): number {
    let fired = 0;
    while (this.#heap.length > 0 && this.#heap[0].key <= now) {
      const timer = this.#heap[0];
      if (timer.when > timer.key) {
        timer.key = timer.when;
        this.#down(timer);
        continue;
      }
      this.stop(timer);
      fired++;
      timer.fire();
    }
    return fired;
  }

  #up(timer: HeapTimer): void {
    const heap = this.#heap;
    let at = timer.place;
    while (at > 0) {
      const parentAt = (at - 1) >> 2;
      const parent = heap[parentAt];
      if (parent.key <= timer.key) break;
      heap[at] = parent;
      parent.place = at;
      at = parentAt;
    }
    heap[at] = timer;
    timer.place = at;
  }

  #down(timer: HeapTimer): void {
    const heap = this.#heap;
    let at = timer.place;
    for (;;) {
      const first = at * ARITY + 1;
      if (first >= heap.length) break;
      let least = first;
      for (let i = first + 1, end = Math.min(first + ARITY, heap.length); i < end; i++) {
        if (heap[i].key < heap[least].key) least = i;
      }
      const child = heap[least];
      if (child.key >= timer.key) break;
      heap[at] = child;
      child.place = at;
      at = least;
    }
    heap[at] = timer;
    timer.place = at;
  }
}
