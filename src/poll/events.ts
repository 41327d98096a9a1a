// SPDX-License-Identifier: MIT
/** What a wait of the raw poller gives: one object for all waits, and one for all events. */
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
} from "../../platforms/contract/platform.ts";

/**
 * What is ready. One object stands for every event of its poller in turn: it is yours until the
 * next step of the iteration; copy the fields that you want to keep longer.
 */
export class PollEvent<T> {
  /** The descriptor. */
  fd: number = -1;
  /** What `add` was given for it. */
  data: T = undefined as T;
  /** What is ready, as bits. @internal */
  mode: number = 0;

  /** A read would not have to wait; at the end of the stream neither. */
  get readable(): boolean {
    return (this.mode & POLL_READ) !== 0;
  }

  /** A write would not have to wait. */
  get writable(): boolean {
    return (this.mode & POLL_WRITE) !== 0;
  }

  /** The peer sends no more; what it sent may still be unread. Told whatever was asked for. */
  get hangup(): boolean {
    return (this.mode & POLL_HANGUP) !== 0;
  }

  /** The descriptor has failed; the next read or write says how. Told whatever was asked for. */
  get error(): boolean {
    return (this.mode & POLL_ERROR) !== 0;
  }
}

/** Where the batch looks up whether an event is late, and what belongs to its descriptor. */
export interface Registrations<T> {
  /** Whether `tag` is still the descriptor's; if not, the event is another's. */
  current(fd: number, tag: number): boolean;
  /** What `add` was given. */
  dataOf(fd: number): T;
}

/**
 * The events of a wait, to be gone through once, in the order in which the system gave them. There
 * is one per poller: it is yours until the next wait. Nothing is allocated. An event whose
 * descriptor was removed meanwhile is left out. Those that you do not take, because the loop was left
 * early, are given by the next wait, which then asks the system for no others.
 */
export class PollEvents<T> implements Iterable<PollEvent<T>> {
  /** Whether somebody called `wake` since the last wait. */
  woken: boolean = false;
  /** For the iteration. @internal */
  done: boolean = false;
  /** For the iteration. @internal */
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

  /** How many are left to take. */
  get length(): number {
    return this.#count - this.#taken;
  }

  /** Forgets those that were taken. @internal */
  clear(): void {
    this.#count = this.#taken = 0;
  }

  /** Takes in one. @internal */
  push(fd: number, tag: number, mode: number): void {
    const at = this.#count++;
    this.#fds[at] = fd;
    this.#tags[at] = tag;
    this.#modes[at] = mode;
  }

  /** Goes on where the last iteration stopped. */
  [Symbol.iterator](): Iterator<PollEvent<T>> {
    this.done = false;
    return this as Iterator<PollEvent<T>>;
  }

  /** For the iteration: this object is its own result. @internal */
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
