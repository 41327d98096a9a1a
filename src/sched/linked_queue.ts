// SPDX-License-Identifier: MIT
/**
 * A first-in-first-out queue that is left as cheaply as it is joined, wherever one stands in it. A
 * Set is none: to find its first element after many were deleted costs as much as there were.
 */

/** An element and its neighbors. */
interface Place<T> {
  readonly element: T;
  before: Place<T> | null;
  behind: Place<T> | null;
}

/** See the top of this file. An element is in it once at most. */
export class LinkedQueue<T> {
  #first: Place<T> | null = null;
  #last: Place<T> | null = null;
  readonly #places = new Map<T, Place<T>>();

  /** How many are in it. */
  get size(): number {
    return this.#places.size;
  }

  /** The one that has waited longest; null if there is none. */
  get first(): T | null {
    return this.#first === null ? null : this.#first.element;
  }

  /** In the order in which they came. */
  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#first; at !== null; at = at.behind) yield at.element;
  }

  /** Puts `element` at the end; it must not be in the queue. */
  push(element: T): void {
    const place: Place<T> = { element, before: this.#last, behind: null };
    if (this.#last === null) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#places.set(element, place);
  }

  /** Takes the first out; null if there is none. */
  shift(): T | null {
    const { first } = this;
    if (first !== null) this.delete(first);
    return first;
  }

  /** Takes `element` out; false if it was not in. */
  delete(element: T): boolean {
    const place = this.#places.get(element);
    if (place === undefined) return false;
    this.#places.delete(element);
    if (place.before === null) this.#first = place.behind;
    else place.before.behind = place.behind;
    if (place.behind === null) this.#last = place.before;
    else place.behind.before = place.before;
    return true;
  }
}
