// SPDX-License-Identifier: MIT
/** Result of a wait of the raw poller: one reused object for all waits, and one for all events. */
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
} from "../../platforms/contract/platform.ts";

/**
 * A ready descriptor. One object stands for each event of its poller in turn; it is valid until the
 * next step of the iteration. Copy fields to keep them longer.
 *
 * @typeParam T the type of `data`
 */
export class PollEvent<T> {
  /** The descriptor. */
  fd: number = -1;
  /** Data passed to `add` for this descriptor. */
  data: T = undefined as T;
  /** Ready conditions, as bits. @internal */
  mode: number = 0;

  /** True if a read would not have to wait, including at the end of the stream. */
  get readable(): boolean {
    return (this.mode & POLL_READ) !== 0;
  }

  /** True if a write would not have to wait. */
  get writable(): boolean {
    return (this.mode & POLL_WRITE) !== 0;
  }

  /** True if the peer has stopped sending; earlier data may still be unread. Always reported. */
  get hangup(): boolean {
    return (this.mode & POLL_HANGUP) !== 0;
  }

  /**
   * True if the descriptor has failed; the next read or write reports the error. Always reported.
   */
  get error(): boolean {
    return (this.mode & POLL_ERROR) !== 0;
  }
}

/** Tells whether an event is stale, and returns the data of its descriptor. */
export interface Registrations<T> {
  /** Whether `tag` is the descriptor's current one; if not, the event is stale. */
  current(fd: number, tag: number): boolean;
  /** Returns the data passed to `add`. */
  dataOf(fd: number): T;
}

/**
 * Events of one wait, to iterate over once, in the order in which the system returned them. There
 * is one object per poller, valid until the next wait; nothing is allocated. Events of descriptors
 * that were removed in the meantime are skipped. Events that are left because the loop ended early
 * are returned by the next wait, which then does not ask the system for more.
 *
 * @typeParam T the type of `data`
 */
export class PollEvents<T> implements Iterable<PollEvent<T>> {
  /** True if `wake` was called since the last wait. */
  woken: boolean = false;
  /** For the iteration only. @internal */
  done: boolean = false;
  /** For the iteration only. @internal */
  readonly value: PollEvent<T> = new PollEvent<T>();
  readonly #registrations: Registrations<T>;
  readonly #fds: number[] = [];
  readonly #tags: number[] = [];
  readonly #modes: number[] = [];
  #count = 0;
  #taken = 0;

  /** @internal */
  constructor(registrations: Registrations<T>) {
    this.#registrations = registrations;
  }

  /** Number of events left. */
  get length(): number {
    return this.#count - this.#taken;
  }

  /** Drops the events that were iterated over. @internal */
  clear(): void {
    this.#count = this.#taken = 0;
  }

  /** Adds an event. @internal */
  push(fd: number, tag: number, mode: number): void {
    const at = this.#count++;
    this.#fds[at] = fd;
    this.#tags[at] = tag;
    this.#modes[at] = mode;
  }

  /** Continues where the last iteration stopped. */
  [Symbol.iterator](): Iterator<PollEvent<T>> {
    this.done = false;
    return this as Iterator<PollEvent<T>>;
  }

  /** For the iteration only: this object is its own result. @internal */
  next(): this {
    const { value } = this;
    while (this.#taken < this.#count) {
      const at = this.#taken++;
      const fd = this.#fds[at];
      if (!this.#registrations.current(fd, this.#tags[at])) continue;
      value.fd = fd;
      value.mode = this.#modes[at];
      value.data = this.#registrations.dataOf(fd);
      return this;
    }
    this.done = true;
    return this;
  }
}
