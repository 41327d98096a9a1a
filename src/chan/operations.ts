// SPDX-License-Identifier: MIT
/**
 * A send or receive in progress: what `yield*` drives. Go: chansend and chanrecv of
 * runtime/chan.go.
 *
 * These are generators written by hand, because a generator costs more than all the rest of the
 * operation. `next` makes the first attempt, and is called again when the goroutine was woken;
 * `return` or `throw` is called instead when the goroutine is ended. They share no base class: a
 * constructor that calls `super` costs V8 as much as the generator did.
 */
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { ChanCore } from "./core.ts";
import { isNothing, sendOnClosed } from "./outcome.ts";
import { refuseAwait } from "../sched/misuse.ts";
import type { Waitable } from "../sched/park.ts";
import { DONE, letOthersRun, mayGoOn, park, type Step } from "../sched/step.ts";
import { acquireWaiter, releaseWaiter, type Waiter } from "./waiter.ts";

/** The result object of every receive; emptied when a receive has to wait. */
const RECEIVED: { done: true; value: unknown } = { done: true, value: undefined };

/** See {@linkcode Chan.send}. */
export class SendOperation<T> implements Waitable {
  readonly #chan: ChanCore<T>;
  #value: T | undefined = undefined;
  /** Whether it is unused. */
  #unused = true;
  /** Set while it waits. */
  #waiter: Waiter | null = null;

  constructor(chan: ChanCore<T>) {
    this.#chan = chan;
  }

  /** Returns this for a call or, while it serves another call, a new one. */
  begin(value: T): Routine<void> {
    const operation = this.#unused ? this : new SendOperation(this.#chan);
    operation.#unused = false;
    operation.#value = value;
    return operation as unknown as Routine<void>;
  }

  next(): Step<void> {
    if (this.#unused) return DONE;
    if (this.#waiter !== null || !mayGoOn() || !this.#chan.offer(this.#value as T)) {
      return this.#wait();
    }
    this.#end();
    return DONE;
  }

  return(): Step<void> {
    this.#leave();
    return { done: true, value: undefined };
  }

  throw(error: unknown): Step<void> {
    this.#leave();
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  describe(): string {
    return this.#chan.describe();
  }

  /** Whether a receiver has taken the value. */
  settled(g: object): boolean {
    const w = this.#waiter;
    return w !== null && w.g === g && w.done && w.ok;
  }

  #wait(): Step<void> {
    if (this.#waiter !== null) return this.#resume(this.#waiter);
    if (scheduler.budget < 0) return letOthersRun();
    this.#waiter = acquireWaiter(this.#value);
    this.#chan.senders.push(this.#waiter);
    return park("chan send", this, this);
  }

  #resume(w: Waiter): Step<void> {
    // To its former caller the call is over.
    if (w.g !== scheduler.current) return DONE;
    if (!w.done) return park("chan send", this, this);
    const { ok } = w;
    this.#waiter = null;
    this.#end();
    releaseWaiter(w);
    if (!ok) throw sendOnClosed();
    return DONE;
  }

  #end(): void {
    this.#unused = true;
    this.#value = undefined;
  }

  #leave(): void {
    const w = this.#waiter;
    if (w !== null && w.g !== scheduler.current) return;
    this.#end();
    if (w === null) return;
    this.#waiter = null;
    this.#chan.senders.remove(w);
    releaseWaiter(w);
  }
}

/**
 * See {@linkcode Chan.recv} and {@linkcode Chan.recvOk}; `R` is the result of the one or the other.
 */
export class RecvOperation<T, R> {
  readonly #chan: ChanCore<T>;
  /** Whether it is a `recvOk`. */
  #pair = false;
  /** Whether it is unused. */
  #unused = true;
  /** Set while it waits. */
  #waiter: Waiter | null = null;

  constructor(chan: ChanCore<T>) {
    this.#chan = chan;
  }

  /** Returns this for a call or, while it serves another call, a new one. */
  begin(pair: boolean): Routine<R> {
    const operation = this.#unused ? this : new RecvOperation<T, R>(this.#chan);
    operation.#unused = false;
    operation.#pair = pair;
    return operation as unknown as Routine<R>;
  }

  next(): Step<R> {
    if (this.#unused) return DONE as Step<never>;
    if (this.#waiter === null && mayGoOn()) {
      const next = this.#chan.next();
      if (!isNothing(next)) return this.#result(next, true);
    }
    return this.#wait();
  }

  return(): Step<R> {
    this.#leave();
    return { done: true, value: undefined as R };
  }

  throw(error: unknown): Step<R> {
    this.#leave();
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }

  #wait(): Step<R> {
    RECEIVED.value = undefined;
    if (this.#waiter !== null) return this.#resume(this.#waiter);
    if (scheduler.budget < 0) return letOthersRun();
    if (this.#chan.closed) return this.#result(undefined, false);
    this.#waiter = acquireWaiter(undefined);
    this.#chan.awaitValue(this.#waiter);
    return park("chan receive", this.#chan, this);
  }

  #resume(w: Waiter): Step<R> {
    // To its former caller the call is over.
    if (w.g !== scheduler.current) return DONE as Step<never>;
    if (!w.done) return park("chan receive", this.#chan, this);
    const { value, ok } = w;
    this.#waiter = null;
    releaseWaiter(w);
    return this.#result(value, ok);
  }

  #result(value: unknown, ok: boolean): Step<R> {
    this.#unused = true;
    RECEIVED.value = this.#pair ? [value, ok] : value;
    return RECEIVED as Step<R>;
  }

  #leave(): void {
    const w = this.#waiter;
    if (w !== null && w.g !== scheduler.current) return;
    this.#unused = true;
    if (w === null) return;
    this.#waiter = null;
    this.#chan.abandon(w);
    releaseWaiter(w);
  }
}

refuseAwait(SendOperation.prototype, "ch.send");
refuseAwait(RecvOperation.prototype, "ch.recv");
