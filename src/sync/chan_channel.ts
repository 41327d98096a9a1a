// SPDX-License-Identifier: MIT
/**
 * What a channel is made of. Go: runtime/chan.go, type hchan.
 *
 * At any moment values wait, or receivers, or senders behind a full buffer; never two that match.
 * A value handed to a goroutine that is ended (with its run) before it could run is not lost: the
 * channel takes it back, and gives it to whoever receives next. It is then in the buffer, beyond
 * the capacity if need be, and nobody who sent it hears of the detour. Several that come back at
 * once come back in the order in which they are given up, which is not always that of sending.
 */
import { PanicError, type Routine } from "../sched/goroutine.ts";
import type { Chan } from "./chan.ts";
import { ChanIterator, recvAsync, sendAsync } from "./chan_async.ts";
import { RecvCase, SendCase } from "./chan_cases.ts";
import { RecvOperation, SendOperation } from "./chan_ops.ts";
import {
  type ChanSource,
  NOTHING,
  type Received,
  sendOnClosed,
  type Sent,
} from "./chan_outcome.ts";
import { Ring } from "./chan_ring.ts";
import { type Waiter, WaitQueue } from "./chan_waiter.ts";
import type { SelectCase } from "./select_case.ts";

/** See {@linkcode Chan}, and the top of this file. */
export class Channel<T> implements Chan<T> {
  readonly capacity: number;
  readonly receivers: WaitQueue = new WaitQueue();
  readonly senders: WaitQueue = new WaitQueue();
  readonly source: ChanSource<T> | null;
  readonly #ring = new Ring<T>();
  readonly #recvCase: RecvCase<T>;
  #closed = false;

  constructor(capacity: number, source: ChanSource<T> | null = null) {
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw new PanicError("makechan: size out of range");
    }
    this.capacity = capacity;
    this.source = source;
    this.#recvCase = new RecvCase(this);
  }

  get length(): number {
    return this.#ring.count;
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(value: T): Routine<void> {
    return new SendOperation(this, value) as unknown as Routine<void>;
  }

  recv(): Routine<T | undefined> {
    return new RecvOperation(this, false) as unknown as Routine<T | undefined>;
  }

  recvOk(): Routine<[T, true] | [undefined, false]> {
    return new RecvOperation(this, true) as unknown as Routine<[T, true] | [undefined, false]>;
  }

  trySend(value: T): boolean {
    return this.offer(value);
  }

  tryRecv(): Received<T> | null {
    const next = this.next();
    if (next !== NOTHING) return { value: next, ok: true };
    return this.#closed ? { value: undefined, ok: false } : null;
  }

  close(): void {
    if (this.#closed) throw new PanicError("close of closed channel");
    this.#closed = true;
    this.source?.disarm();
    for (let w = this.receivers.take(); w !== null; w = this.receivers.take()) {
      w.finish(undefined, false);
    }
    for (let w = this.senders.take(); w !== null; w = this.senders.take()) {
      w.finish(undefined, false);
    }
  }

  onRecv(): SelectCase<Received<T>> {
    return this.#recvCase;
  }

  onSend(value: T): SelectCase<Sent> {
    return new SendCase(this, value);
  }

  sendAsync(value: T): Promise<void> {
    return sendAsync(this, value);
  }

  recvAsync(): Promise<T | undefined> {
    return recvAsync(this, (value) => value);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return new ChanIterator(this);
  }

  /** Sends if that needs no waiting. */
  offer(value: T): boolean {
    if (this.#closed) throw sendOnClosed();
    if (this.receivers.first !== null) {
      const w = this.receivers.take();
      if (w !== null) {
        w.finish(value, true);
        return true;
      }
    }
    if (this.#ring.count >= this.capacity) return false;
    this.#ring.push(value);
    return true;
  }

  /** Receives if that needs no waiting. */
  next(): T | typeof NOTHING {
    const ring = this.#ring;
    if (ring.count > 0) {
      const value = ring.shift();
      // There is room now for the sender that waited longest.
      if (this.senders.first !== null && ring.count < this.capacity) this.#admit();
      return value;
    }
    if (this.senders.first !== null) {
      const w = this.senders.take();
      if (w !== null) {
        const value = w.value as T;
        w.finish(undefined, true);
        return value;
      }
    }
    return this.source === null || this.#closed ? NOTHING : this.source.take();
  }

  /** Puts a receiver into the queue. */
  awaitValue(w: Waiter): void {
    this.receivers.push(w);
    this.source?.arm();
  }

  /**
   * A receiver waits no more. If a value had come that it did not live to see, the channel takes
   * that back.
   */
  abandon(w: Waiter): void {
    if (!w.done) {
      this.receivers.remove(w);
      if (this.source !== null && this.receivers.first === null) this.source.disarm();
    } else if (w.ok) {
      const heir = this.receivers.take();
      if (heir !== null) heir.finish(w.value, true);
      else this.#ring.unshift(w.value as T);
    }
  }

  /** Throws away what is in it. Gives how many values that were. */
  drain(): number {
    return this.#ring.clear();
  }

  #admit(): void {
    const w = this.senders.take();
    if (w === null) return;
    this.#ring.push(w.value as T);
    w.finish(undefined, true);
  }
}
