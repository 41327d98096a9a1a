// SPDX-License-Identifier: MIT
/**
 * The core of a channel. Go: runtime/chan.go, type hchan.
 *
 * At any moment it holds values, or receivers, or senders behind a full buffer; never two that
 * match. The buffer is a ring that starts empty and doubles when it is full, so that a large
 * capacity costs no more than what is in it.
 *
 * A value handed to a goroutine that is ended (with its run) before it could run is not lost: the
 * channel takes it back and hands it to the next receiver. Until then it is in the buffer, beyond
 * the capacity if need be, and its sender does not notice. Several values that come back at
 * once come back in the order in which their goroutines are ended, not always that of sending.
 */
import { PanicError } from "../sched/goroutine.ts";
import { objectId } from "../sched/object_id.ts";
import type { Waitable } from "../sched/park.ts";
import { type ChanSource, NOTHING, sendOnClosed } from "./outcome.ts";
import { type Waiter, WaitQueue } from "./waiter.ts";

/** Slots of a buffer's first allocation; a power of two, as is every later one. */
const FIRST_SLOTS = 8;

/** The buffer and the wait queues of a channel, without the methods of its users. */
export class ChanCore<T> implements Waitable {
  readonly capacity: number;
  /** Waiting receivers. */
  readonly receivers: WaitQueue = new WaitQueue();
  /** Waiting senders. */
  readonly senders: WaitQueue = new WaitQueue();
  /** The timer behind it, if it is a timer's. */
  readonly source: ChanSource<T> | null;
  /** Number of buffered values. */
  #count = 0;
  /** Index of the first of them. */
  #head = 0;
  #slots: (T | undefined)[] = [];
  /** The capacity, negative once it is closed: one test tells whether there is room. */
  #limit: number;
  #closed = false;

  constructor(capacity: number, source: ChanSource<T> | null = null) {
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw new PanicError("makechan: size out of range");
    }
    this.capacity = this.#limit = capacity;
    this.source = source;
  }

  get length(): number {
    return this.#count;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) throw new PanicError("close of closed channel");
    this.#closed = true;
    this.#limit = -1;
    this.source?.disarm();
    for (let w = this.receivers.take(); w !== null; w = this.receivers.take()) {
      w.finish(undefined, false);
    }
    for (let w = this.senders.take(); w !== null; w = this.senders.take()) {
      w.finish(undefined, false);
    }
  }

  describe(): string {
    return `chan ${objectId(this)}, ${this.#count} of ${this.capacity}`;
  }

  /** Sends if that needs no waiting. */
  offer(value: T): boolean {
    if (this.receivers.first !== null || this.#count >= this.#limit) return this.#hand(value);
    this.#push(value);
    return true;
  }

  /** Receives if that needs no waiting. */
  next(): T | typeof NOTHING {
    if (this.#count > 0) {
      const value = this.#shift();
      // There may be room now for the sender that waited longest.
      if (this.senders.first !== null && this.#count < this.capacity) this.#admit();
      return value;
    }
    const w = this.senders.take();
    if (w !== null) {
      const value = w.value as T;
      w.finish(undefined, true);
      return value;
    }
    return this.source === null || this.#closed ? NOTHING : this.source.take();
  }

  /** Enqueues a receiver. */
  awaitValue(w: Waiter): void {
    this.receivers.push(w);
    this.source?.arm();
  }

  /**
   * Removes a receiver. If it had been completed but its goroutine did not run, the channel takes
   * the value back.
   */
  abandon(w: Waiter): void {
    if (!w.done) {
      this.receivers.remove(w);
      if (this.source !== null && this.receivers.first === null) this.source.disarm();
    } else if (w.ok) {
      const nextOwner = this.receivers.take();
      if (nextOwner !== null) nextOwner.finish(w.value, true);
      else this.#unshift(w.value as T);
    }
  }

  /** Discards the buffered values. Returns their number. */
  drain(): number {
    const count = this.#count;
    this.#count = this.#head = 0;
    this.#slots = [];
    return count;
  }

  /** The slow path of `offer`: a receiver waits, the buffer is full, or the channel is closed. */
  #hand(value: T): boolean {
    if (this.#closed) throw sendOnClosed();
    const w = this.receivers.take();
    if (w !== null) w.finish(value, true);
    else if (this.#count < this.capacity) this.#push(value);
    else return false;
    return true;
  }

  #admit(): void {
    const w = this.senders.take();
    if (w === null) return;
    this.#push(w.value as T);
    w.finish(undefined, true);
  }

  #push(value: T): void {
    if (this.#count === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#count++) & (this.#slots.length - 1)] = value;
  }

  #unshift(value: T): void {
    if (this.#count === this.#slots.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = value;
    this.#count++;
  }

  #shift(): T {
    const slots = this.#slots;
    const value = slots[this.#head] as T;
    slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (slots.length - 1);
    this.#count--;
    return value;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Array<T | undefined>(Math.max(FIRST_SLOTS, old.length * 2));
    for (let i = 0; i < this.#count; i++) slots[i] = old[(this.#head + i) & (old.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
