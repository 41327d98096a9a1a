// SPDX-License-Identifier: MIT
/**
 * Channels. Go: runtime/chan.go.
 *
 * At any moment values wait, or receivers, or senders behind a full buffer; never two that match.
 * A value handed to a goroutine that is ended (with its run) before it could run is not lost: the
 * channel takes it back, and gives it to whoever receives next. It is then in the buffer, beyond
 * the capacity if need be, and nobody who sent it hears of the detour. Several that come back at
 * once come back in the order in which they are given up, which is not always that of sending.
 */
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { ChanIterator, recvAsync, sendAsync } from "./chan_async.ts";
import { RecvCase, SendCase } from "./chan_cases.ts";
import { RecvOperation, SendOperation } from "./chan_ops.ts";
import { type ChanSource, NOTHING, type Received, sendOnClosed } from "./chan_outcome.ts";
import { Ring } from "./chan_ring.ts";
import { type Waiter, WaitQueue } from "./chan_waiter.ts";

/**
 * Makes a channel. Go: `make(chan T, capacity)`.
 *
 * @param capacity how many values it holds that nobody has received yet; with 0, a send waits for
 * its receiver
 * @throws {PanicError} "makechan: size out of range"
 * @example
 * ```ts
 * const ch = chan<number>();
 * go(function* () { yield* ch.send(42); ch.close(); });
 * console.log(yield* ch.recv()); // 42
 * ```
 */
export function chan<T>(capacity = 0): Chan<T> {
  return new Chan<T>(capacity);
}

/**
 * A channel, made by {@linkcode chan}. It belongs to its thread and to no run: goroutines of several
 * runs and the host's async code may all use it. Values come out in the order in which they went
 * in, and those who wait are served in the order in which they came.
 *
 * A nil channel is `null`: as a case of `select` it never happens.
 *
 * @typeParam T What it carries.
 */
export class Chan<T> implements AsyncIterable<T> {
  /** How many values it holds without a receiver. Go: `cap(ch)`. */
  readonly capacity: number;
  /** @internal */
  readonly receivers: WaitQueue = new WaitQueue();
  /** @internal */
  readonly senders: WaitQueue = new WaitQueue();
  /** @internal */
  readonly source: ChanSource<T> | null;
  readonly #ring = new Ring<T>();
  readonly #recvCase: RecvCase<T>;
  #closed = false;

  /** @internal */
  constructor(capacity: number, source: ChanSource<T> | null = null) {
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw new PanicError("makechan: size out of range");
    }
    this.capacity = capacity;
    this.source = source;
    this.#recvCase = new RecvCase(this);
  }

  /** How many values are in it. Go: `len(ch)`. Never parks. */
  get length(): number {
    return this.#ring.count;
  }

  /** Whether it was closed. @internal */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends a value. Parks until it is received or, with a capacity, until there is room for it.
   * A goroutine that is ended while it waits has sent nothing. Go: `ch <- v`.
   *
   * @throws {PanicError} "send on closed channel", also when it is closed meanwhile
   */
  send(value: T): Routine<void> {
    return new SendOperation(this, value) as unknown as Routine<void>;
  }

  /**
   * Receives a value; undefined when the channel is closed and empty. Parks. Go: `v := <-ch`.
   *
   * @example
   * ```ts
   * for (let job; (job = yield* jobs.recv()) !== undefined;) yield* work(job);
   * ```
   */
  recv(): Routine<T | undefined> {
    return new RecvOperation(this, false) as unknown as Routine<T | undefined>;
  }

  /**
   * Receives a value, and says whether it is one: `[undefined, false]` when the channel is closed
   * and empty. Parks. Go: `v, ok := <-ch`.
   */
  recvOk(): Routine<[T, true] | [undefined, false]> {
    return new RecvOperation(this, true) as unknown as Routine<[T, true] | [undefined, false]>;
  }

  /**
   * Sends if that needs no waiting, and says whether it did. Never parks.
   * Go: a `select` of a send and `default`.
   *
   * @throws {PanicError} "send on closed channel"
   */
  trySend(value: T): boolean {
    return this.offer(value);
  }

  /**
   * Receives if that needs no waiting: the value, or `{ value: undefined, ok: false }` when the
   * channel is closed and empty, or null when nothing is there yet. Never parks.
   * Go: a `select` of a receive and `default`.
   */
  tryRecv(): Received<T> | null {
    const next = this.next();
    if (next !== NOTHING) return { value: next, ok: true };
    return this.#closed ? { value: undefined, ok: false } : null;
  }

  /**
   * Closes it: what is in it can still be received, then every receive gives the end at once.
   * Receivers that wait are told the end, senders that wait fail. Never parks. Go: `close(ch)`.
   *
   * @throws {PanicError} "close of closed channel"
   */
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

  /**
   * The case of a `select` that receives: its `value` and `ok` are those of
   * {@linkcode Chan.recvOk}. Go: `case v, ok := <-ch`.
   */
  onRecv(): RecvCase<T> {
    return this.#recvCase;
  }

  /**
   * The case of a `select` that sends `value`. Go: `case ch <- v`. If the channel is closed,
   * `select` throws "send on closed channel" when it comes to this case.
   */
  onSend(value: T): SendCase<T> {
    return new SendCase(this, value);
  }

  /**
   * Sends from the host's async code, in turn with the goroutines that wait.
   *
   * While it is pending no deadlock is reported: the code behind it may still wake a goroutine.
   *
   * @throws {PanicError} (rejects) "send on closed channel"
   */
  sendAsync(value: T): Promise<void> {
    return sendAsync(this, value);
  }

  /** Receives in the host's async code; see {@linkcode Chan.recv} and {@linkcode Chan.sendAsync}. */
  recvAsync(): Promise<T | undefined> {
    return recvAsync(this, (value) => value);
  }

  /**
   * The values until the channel is closed, for `for await` in the host's async code. Leaving the
   * loop leaves the channel as it is. Go: `for v := range ch`.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return new ChanIterator(this);
  }

  /** Sends if that needs no waiting. @internal */
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

  /** Receives if that needs no waiting. @internal */
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

  /** Puts a receiver into the queue. @internal */
  awaitValue(w: Waiter): void {
    this.receivers.push(w);
    this.source?.arm();
  }

  /**
   * A receiver waits no more. If a value had come that it did not live to see, the channel takes
   * that back. @internal
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

  /** Throws away what is in it. Gives how many values that were. @internal */
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
