// SPDX-License-Identifier: MIT
/**
 * The open descriptors of this thread, in memory that another thread reads once this one is dead.
 *
 * A thread that is cut short (terminated, or exited by its code) closes nothing: descriptors belong
 * to the process. So each is recorded here when it is opened, and erased before it is closed: were
 * it the other way round, the number could be another thread's by the time the list is read. That
 * order loses at most the one descriptor that is being opened or closed at that moment.
 */
import { registerState } from "../sched/thread_state.ts";

/** Bits per word. */
const BITS = 32;
/** Number of descriptors that a table covers; a higher number is not recorded. */
const CAPACITY = 1 << 20;

/** One bit per descriptor. One thread writes; others read once that thread has ended. */
export class FdTable {
  /** The form that `postMessage` carries. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** Creates a table, or a view of one that another thread has created. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(CAPACITY / 8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Records `fd`. */
  add(fd: number): void {
    if (fd < CAPACITY) this.#words[fd >>> 5] |= 1 << (fd & (BITS - 1));
  }

  /** Erases `fd`. */
  remove(fd: number): void {
    if (fd < CAPACITY) this.#words[fd >>> 5] &= ~(1 << (fd & (BITS - 1)));
  }

  /** Whether `fd` is recorded. */
  has(fd: number): boolean {
    return fd < CAPACITY && (this.#words[fd >>> 5] & (1 << (fd & (BITS - 1)))) !== 0;
  }

  /** Returns all recorded descriptors. */
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

/** Makes `table` the descriptor table of this thread. */
export function keepFdTable(fdTable: FdTable): void {
  kept = fdTable;
}

/** Returns the table of this thread, or null if it has none. */
export function fdTable(): FdTable | null {
  return kept;
}

/** Called when a descriptor was opened. */
export function noteOpened(fd: number): void {
  kept?.add(fd);
}

/** Called before a descriptor is closed or handed over. */
export function noteClosing(fd: number): void {
  kept?.remove(fd);
}
