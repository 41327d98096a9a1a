// SPDX-License-Identifier: MIT
/** A queue in an array whose head moves; emptied places are given back now and then. */

/** Emptied places that are left alone. */
const SLACK = 64;

/** First in, first out. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many are in it. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The first; undefined if there is none. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** The last; undefined if there is none. */
  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.#items.length - 1];
  }

  /** The item at `index`, from the first. */
  at(index: number): T | undefined {
    return this.#items[this.#head + index];
  }

  /** Adds one at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first out; undefined if there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > SLACK && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Replaces the first. There must be one. */
  replaceFirst(item: T): void {
    this.#items[this.#head] = item;
  }

  /** Takes `item` out, wherever it stands. Returns whether it was there. */
  remove(item: T): boolean {
    const at = this.#items.indexOf(item, this.#head);
    if (at < 0) return false;
    this.#items.splice(at, 1);
    return true;
  }

  /** Drops all. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** All, from the first on. */
  *[Symbol.iterator](): Generator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
