// SPDX-License-Identifier: MIT
/**
 * Timers in a heap of four children a node. Go: runtime/time.go.
 *
 * The heap is made of numbers alone: an active timer has a slot, and what is ordered are slots and
 * their keys, in arrays where neighbors lie side by side. The timers themselves are not touched.
 *
 * As in Go, most of the work is put off, and mostly never done. A timer that is stopped leaves a
 * gap, and gaps are closed when they are more than half. One that is put off to a later time stays
 * where it is and moves only when its old time comes: a deadline that is renewed around each read
 * costs no movement at all.
 */

/** Children of a node: fewer levels than a binary heap, and siblings side by side. */
const ARITY = 4;
/** Slot of an inactive timer. */
export const NO_SLOT = -1;
/** Smallest capacity of the arrays, and number of gaps that are left alone. */
const LEAST = 256;

/** An action that happens once, at its time. */
export interface HeapTimer {
  /** Owned by the heap: its slot, or NO_SLOT. */
  slot: number;
  /** Called when its time has come. */
  fire(): void;
}

/** A timer that calls a function. Frequent timers have classes of their own. */
export class CallTimer implements HeapTimer {
  slot = NO_SLOT;
  readonly fire: () => void;

  constructor(fire: () => void) {
    this.fire = fire;
  }
}

/** All the timers of a thread. Times are milliseconds of `performance.now()`. */
export class TimerHeap {
  /** Called when the next time has become earlier. */
  onEarlier: () => void = () => {};
  /** Number of active timers. */
  size = 0;
  /** Returns the owner of a timer that is set now; null, as always but in simulations, for none. */
  owner: (() => object | null) | null = null;
  /** By slot: the owner, where owners are kept. */
  #owners: (object | null)[] = [];
  /** The owner of the timer that fires: also that of the timers which it sets. */
  #firing: object | null = null;
  /** By slot: the timer, or null when it was stopped. */
  #timers: (HeapTimer | null)[] = [];
  /** By slot: its time; never before its key. */
  #whens = new Float64Array(LEAST);
  /** By slot: its place. */
  #places = new Int32Array(LEAST);
  /** Free slots. */
  #free: number[] = [];
  /** By place: the slot. */
  #heap = new Int32Array(LEAST);
  /** By place: the time by which it is ordered. */
  #keys = new Float64Array(LEAST);
  /** Number of places in use; the last one is no gap. */
  #length = 0;

  /** A time at or before the next timer's, or Infinity. */
  get next(): number {
    return this.#first() === null ? Infinity : this.#keys[0];
  }

  /** Sets `timer` to fire at `when`, whether it is active or not. */
  set(timer: HeapTimer, when: number): void {
    let { slot } = timer;
    let place: number;
    if (slot === NO_SLOT) {
      slot = timer.slot = this.#take(timer);
      place = this.#length++;
      this.size++;
      if (this.owner !== null) this.#owners[slot] = this.owner() ?? this.#firing;
    } else {
      place = this.#places[slot];
      if (when >= this.#keys[place]) {
        this.#whens[slot] = when;
        return;
      }
    }
    this.#whens[slot] = when;
    if (this.#up(slot, place, when) === 0) this.onEarlier();
  }

  /** Removes `timer`. Returns true if it was active. */
  stop(timer: HeapTimer): boolean {
    const { slot } = timer;
    if (slot === NO_SLOT) return false;
    timer.slot = NO_SLOT;
    this.#timers[slot] = null;
    this.size--;
    if (this.#places[slot] === this.#length - 1) this.#trim();
    else if (this.#length > 2 * this.size + LEAST) this.#closeGaps();
    return true;
  }

  /** Fires all timers that are due at `now`, in the order of their times. Returns their number. */
  fire(now: number): number {
    let fired = 0;
    for (let timer; (timer = this.#first()) !== null && this.#keys[0] <= now;) {
      const slot = this.#heap[0];
      const when = this.#whens[slot];
      if (when > this.#keys[0]) {
        this.#down(slot, 0, when);
        continue;
      }
      this.stop(timer);
      fired++;
      if (this.owner !== null) this.#firing = this.#owners[slot];
      timer.fire();
    }
    this.#firing = null;
    return fired;
  }

  /** The owner of the timer that is firing; null where owners are not kept. */
  get firing(): object | null {
    return this.#firing;
  }

  /** Returns the time that `timer` is due, Infinity if it is not active. */
  whenOf({ slot }: HeapTimer): number {
    return slot === NO_SLOT ? Infinity : this.#whens[slot];
  }

  /** Stops every timer of `owner`. */
  stopOwned(owner: object): void {
    for (const timer of this.active()) if (this.#owners[timer.slot] === owner) this.stop(timer);
  }

  /** Returns the active timers, in no order. */
  active(): HeapTimer[] {
    return this.#timers.filter((timer) => timer !== null);
  }

  /** Returns the timer at the top, after closing the gaps there. */
  #first(): HeapTimer | null {
    if (this.size === 0) return null;
    for (;;) {
      const slot = this.#heap[0];
      const timer = this.#timers[slot];
      if (timer !== null) return timer;
      this.#free.push(slot);
      const last = --this.#length;
      this.#down(this.#heap[last], 0, this.#keys[last]);
      this.#trim();
    }
  }

  /** Assigns a slot to `timer`. */
  #take(timer: HeapTimer): number {
    const slot = this.#free.pop();
    if (slot !== undefined) {
      this.#timers[slot] = timer;
      return slot;
    }
    if (this.#timers.length === this.#keys.length) this.#grow();
    return this.#timers.push(timer) - 1;
  }

  #grow(): void {
    const places = 2 * this.#keys.length;
    this.#whens = copied(new Float64Array(places), this.#whens);
    this.#places = copied(new Int32Array(places), this.#places);
    this.#heap = copied(new Int32Array(places), this.#heap);
    this.#keys = copied(new Float64Array(places), this.#keys);
  }

  /** Removes gaps from the end. */
  #trim(): void {
    for (; this.#length > 0; this.#length--) {
      const slot = this.#heap[this.#length - 1];
      if (this.#timers[slot] !== null) return;
      this.#free.push(slot);
    }
    if (this.#keys.length > LEAST) this.#renumber(LEAST);
  }

  #closeGaps(): void {
    let places = this.#keys.length;
    while (places > LEAST && places > 4 * this.size) places /= 2;
    this.#renumber(places);
  }

  /** Moves into arrays of so many `places`, without gaps; slots are numbered as places are. */
  #renumber(places: number): void {
    const [timers, whens, heap, keys] = [this.#timers, this.#whens, this.#heap, this.#keys];
    const length = this.#length;
    this.#timers = [];
    this.#free = [];
    this.#whens = new Float64Array(places);
    this.#places = new Int32Array(places);
    this.#heap = new Int32Array(places);
    this.#keys = new Float64Array(places);
    let to = 0;
    for (let from = 0; from < length; from++) {
      const timer = timers[heap[from]];
      if (timer === null) continue;
      this.#timers.push(timer);
      this.#whens[to] = whens[heap[from]];
      this.#keys[to] = keys[from];
      timer.slot = this.#heap[to] = this.#places[to] = to++;
    }
    this.#length = to;
    // Where there was a gap, children have moved to other parents.
    if (to === length) return;
    for (let at = (to - 2) >> 2; at >= 0; at--) this.#down(at, at, this.#keys[at]);
  }

  /** Puts `slot` at `at` or where it belongs above, and returns that place. */
  #up(slot: number, at: number, key: number): number {
    const [heap, keys, places] = [this.#heap, this.#keys, this.#places];
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (keys[parent] <= key) break;
      places[heap[at] = heap[parent]] = at;
      keys[at] = keys[parent];
      at = parent;
    }
    heap[at] = slot;
    keys[at] = key;
    return places[slot] = at;
  }

  /** Puts `slot` at `at` or where it belongs below. */
  #down(slot: number, at: number, key: number): void {
    const [heap, keys, places] = [this.#heap, this.#keys, this.#places];
    const length = this.#length;
    for (let first; (first = at * ARITY + 1) < length;) {
      let least = first;
      for (let i = first + 1, end = Math.min(first + ARITY, length); i < end; i++) {
        if (keys[i] < keys[least]) least = i;
      }
      if (keys[least] >= key) break;
      places[heap[at] = heap[least]] = at;
      keys[at] = keys[least];
      at = least;
    }
    heap[at] = slot;
    keys[at] = key;
    places[slot] = at;
  }
}

function copied<A extends { set(from: A): void }>(to: A, from: A): A {
  to.set(from);
  return to;
}
