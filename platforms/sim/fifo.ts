// SPDX-License-Identifier: MIT
/** A queue in an array with a moving head, compacted occasionally. */

/** Number of emptied slots before compaction. */
const SLACK = 64;

/** First in, first out. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** Number of items. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** First item; undefined if empty. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** Last item; undefined if empty. */
  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.#items.length - 1];
  }

  /** Returns the item at `index`, counted from the first. */
  at(index: number): T | undefined {
    return this.#items[this.#head + index];
  }

  /** Appends an item. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Removes and returns the first item; undefined if empty. */
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

  /** Replaces the first item. There must be one. */
  replaceFirst(item: T): void {
    this.#items[this.#head] = item;
  }

  /** Removes `item`, wherever it is. Returns whether it was there. */
  remove(item: T): boolean {
    const at = this.#items.indexOf(item, this.#head);
    if (at < 0) return false;
    this.#items.splice(at, 1);
    return true;
  }

  /** Removes all items. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** Iterates over all items, from the first. */
  *[Symbol.iterator](): Generator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
