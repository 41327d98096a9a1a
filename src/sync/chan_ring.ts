// SPDX-License-Identifier: MIT
/**
 * The values inside a channel. Go: the circular queue of runtime/chan.go, type hchan.
 *
 * It starts empty and doubles when it is full, so that a channel of a large capacity costs what is
 * in it. How much that may be is the channel's business.
 */

/** Slots of the first allocation; a power of two, as is every later one. */
const FIRST = 8;

/** A queue whose two ends run around an array. */
export class Ring<T> {
  /** How many values are in it. */
  count = 0;
  #head = 0;
  #slots: (T | undefined)[] = [];

  /** Adds a value at the end. */
  push(value: T): void {
    if (this.count === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.count++) & (this.#slots.length - 1)] = value;
  }

  /** Puts a value before all others. */
  unshift(value: T): void {
    if (this.count === this.#slots.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = value;
    this.count++;
  }

  /** Takes the first value; there must be one. */
  shift(): T {
    const at = this.#head;
    const value = this.#slots[at] as T;
    this.#slots[at] = undefined;
    this.#head = (at + 1) & (this.#slots.length - 1);
    this.count--;
    return value;
  }

  /** Forgets all values. Gives how many there were. */
  clear(): number {
    const { count } = this;
    this.count = this.#head = 0;
    this.#slots = [];
    return count;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Array<T | undefined>(old.length === 0 ? FIRST : old.length * 2);
    for (let i = 0; i < this.count; i++) slots[i] = old[(this.#head + i) & (old.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
