// SPDX-License-Identifier: MIT
/** The connections of a loop, linked through themselves. Nothing is allocated. */

/** What can be in a list. */
export interface Linked<T> {
  /** The one that came before. */
  older: T | null;
  /** The one that came after. */
  newer: T | null;
}

/** One is in at most one list. */
export class ConnList<T extends Linked<T>> {
  /** How many are in it. */
  size = 0;
  #newest: T | null = null;

  /** Puts one in. */
  add(conn: T): void {
    this.size++;
    conn.older = this.#newest;
    if (this.#newest !== null) this.#newest.newer = conn;
    this.#newest = conn;
  }

  /** Takes one out. */
  remove(conn: T): void {
    this.size--;
    if (conn.newer === null) this.#newest = conn.older;
    else conn.newer.older = conn.older;
    if (conn.older !== null) conn.older.newer = conn.newer;
    conn.older = conn.newer = null;
  }

  /** The newest first; the one that was given last may be taken out meanwhile. */
  *[Symbol.iterator](): Generator<T, void, void> {
    for (let conn = this.#newest; conn !== null;) {
      const { older } = conn;
      yield conn;
      conn = older;
    }
  }
}
