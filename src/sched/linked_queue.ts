// SPDX-License-Identifier: MIT
/**
 * A first-in-first-out queue from which any element can be removed in constant time. A Set would
 * not do: finding its first element after many deletions costs time linear in their number.
 */

/** An element and its neighbors. */
interface Place<T> {
  readonly element: T;
  before: Place<T> | null;
  behind: Place<T> | null;
}

/** See the top of this file. An element is in it at most once. */
export class LinkedQueue<T> {
  #first: Place<T> | null = null;
  #last: Place<T> | null = null;
  readonly #places = new Map<T, Place<T>>();

  /** Number of elements. */
  get size(): number {
    return this.#places.size;
  }

  /** The first element; null if it is empty. */
  get first(): T | null {
    return this.#first === null ? null : this.#first.element;
  }

  /** Iterates in order of arrival. */
  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#first; at !== null; at = at.behind) yield at.element;
  }

  /** Appends `element`, which must not be in the queue. */
  push(element: T): void {
    const place: Place<T> = { element, before: this.#last, behind: null };
    if (this.#last === null) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#places.set(element, place);
  }

  /** Removes and returns the first element; null if it is empty. */
  shift(): T | null {
    const { first } = this;
    if (first !== null) this.delete(first);
    return first;
  }

  /** Removes `element`; returns false if it was not in the queue. */
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
