// SPDX-License-Identifier: MIT
/** The connections of a loop, linked through themselves. Nothing is allocated. */

/** Element of a list. */
export interface Linked<T> {
  /** The next older one. */
  older: T | null;
  /** The next newer one. */
  newer: T | null;
}

/** An element is in at most one list. */
export class ConnList<T extends Linked<T>> {
  /** Number of elements. */
  size = 0;
  #newest: T | null = null;

  /** Adds an element. */
  add(conn: T): void {
    this.size++;
    conn.older = this.#newest;
    if (this.#newest !== null) this.#newest.newer = conn;
    this.#newest = conn;
  }

  /** Removes an element. */
  remove(conn: T): void {
    this.size--;
    if (conn.newer === null) this.#newest = conn.older;
    else conn.newer.older = conn.older;
    if (conn.older !== null) conn.older.newer = conn.newer;
    conn.older = conn.newer = null;
  }

  /** Iterates, the newest first; the element just returned may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T, void, void> {
    for (let conn = this.#newest; conn !== null;) {
      const { older } = conn;
      yield conn;
      conn = older;
    }
  }
}
