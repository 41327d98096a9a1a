// SPDX-License-Identifier: MIT
/**
 * A first-in-first-out queue of goroutines, linked through themselves. Go: runtime/proc.go, gQueue.
 */
import type { G } from "./goroutine.ts";

/** A goroutine is in at most one queue at a time. Nothing is allocated. */
export class RunQueue {
  #head: G | null = null;
  #tail: G | null = null;

  /** Whether there is none in it. */
  get empty(): boolean {
    return this.#head === null;
  }

  /** Appends `g`; one that is linked already keeps its place. */
  push(g: G): void {
    if (g.queued) return;
    g.queued = true;
    if (this.#tail === null) this.#head = g;
    else this.#tail.next = g;
    this.#tail = g;
  }

  /** Removes and returns the first goroutine. */
  shift(): G | null {
    const g = this.#head;
    if (g === null) return null;
    this.#head = g.next;
    if (this.#head === null) this.#tail = null;
    g.next = null;
    g.queued = false;
    return g;
  }

  /** Moves all to the end of `list`. They count as queued until they leave it. */
  drainTo(list: G[]): void {
    for (let g = this.#head; g !== null;) {
      const { next } = g;
      g.next = null;
      list.push(g);
      g = next;
    }
    this.#head = this.#tail = null;
  }

  /** Appends all of `other`, and empties it. */
  append(other: RunQueue): void {
    if (other.#head === null) return;
    if (this.#tail === null) this.#head = other.#head;
    else this.#tail.next = other.#head;
    this.#tail = other.#tail;
    other.#head = other.#tail = null;
  }
}
