// SPDX-License-Identifier: MIT
/**
 * Which descriptors this thread has open, in memory that another thread reads when this one is dead.
 *
 * A thread that is cut short (terminated, or exited by its code) closes nothing: numbers belong to
 * the process. So each is written down here when it is opened, and crossed out before it is closed:
 * were it the other way round, the number could be another thread's by the time the list is read.
 * What is lost by that order is at most the one descriptor that is being opened or closed then.
 */
import { registerState } from "../sched/thread_state.ts";

/** Bits of a word. */
const BITS = 32;
/** Descriptors that a fdTable has room for; one with a higher number is not written down. */
const CAPACITY = 1 << 20;

/** A bit a descriptor. One thread writes; others read when that thread has ended. */
export class FdTable {
  /** What `postMessage` carries. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** A new one, or the view of one that another thread has made. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(CAPACITY / 8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Writes `fd` down. */
  add(fd: number): void {
    if (fd < CAPACITY) this.#words[fd >>> 5] |= 1 << (fd & (BITS - 1));
  }

  /** Crosses `fd` out. */
  remove(fd: number): void {
    if (fd < CAPACITY) this.#words[fd >>> 5] &= ~(1 << (fd & (BITS - 1)));
  }

  /** Whether `fd` is written down. */
  has(fd: number): boolean {
    return fd < CAPACITY && (this.#words[fd >>> 5] & (1 << (fd & (BITS - 1)))) !== 0;
  }

  /** All that are written down. */
  *[Symbol.iterator](): Generator<number> {
    for (let at = 0; at < this.#words.length; at++) {
      for (let word = this.#words[at]; word !== 0; word &= word - 1) {
        yield at * BITS + (BITS - 1 - Math.clz32(word & -word));
      }
    }
  }
}

/** The descriptor table of this thread, if one was requested. */
let kept: FdTable | null = null;

registerState<FdTable | null>("fd table", {
  fresh: () => null,
  save: () => kept,
  restore: (state) => kept = state,
});

/** Has this thread keep `table` from now on. */
export function keepFdTable(fdTable: FdTable): void {
  kept = fdTable;
}

/** Returns the table of this thread, if it keeps one. */
export function fdTable(): FdTable | null {
  return kept;
}

/** A descriptor was opened. */
export function noteOpened(fd: number): void {
  kept?.add(fd);
}

/** A descriptor is going to be closed, or is another's from now on. */
export function noteClosing(fd: number): void {
  kept?.remove(fd);
}
