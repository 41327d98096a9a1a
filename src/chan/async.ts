// SPDX-License-Identifier: MIT
import { PARK } from "../sched/park.ts";
/**
 * Channel operations of the host's async code, which waits by promises.
 *
 * They wait in the same queues as goroutines, with a waiter that settles a promise. While one
 * waits it counts among `scheduler.promises`: the code behind it is alive, and once something
 * else wakes it (a server of the host that uses the same channel) it may wake a goroutine, so
 * a deadlock cannot be proven. Under `runSync` the host's loop stands still, such
 * code wakes no goroutine, and it does not count.
 */
import { type G, PanicError, type Routine } from "../sched/goroutine.ts";
import { backgroundRun, spawn } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";
import type { ChanCore } from "./core.ts";
import { RecvOperation } from "./operations.ts";
import { isNothing, sendOnClosed } from "./outcome.ts";
import { Waiter } from "./waiter.ts";

/** Shapes the result of a receive, from the value and whether there is one. */
type Shape<T, R> = (value: T | undefined, ok: boolean) => R;

/** Cancels a pending wait: its promise resolves as at the end of the channel. */
type Cancel = () => void;

/** Counts a wait of the host's code, or its end; the deadlock detection then looks again. */
function count(change: 1 | -1): void {
  scheduler.promises += change;
  if (scheduler.runs.size > 0) scheduler.onOutside();
}

/** A waiter that calls `settle` when it is completed. */
function hostWaiter(value: unknown, settle: (w: Waiter) => void): Waiter {
  const w = new Waiter();
  w.value = value;
  w.settle = () => {
    count(-1);
    settle(w);
  };
  count(1);
  return w;
}

/** See {@linkcode Chan.sendAsync}. */
export function sendAsync<T>(chan: ChanCore<T>, value: T): Promise<void> {
  return new Promise((resolve, reject) => {
    if (chan.offer(value)) return resolve();
    chan.senders.push(hostWaiter(value, (w) => w.ok ? resolve() : reject(sendOnClosed())));
  });
}

/** Receives, and resolves to the result of `shape`. `pending` can cancel it while it waits. */
export function recvAsync<T, R>(
  chan: ChanCore<T>,
  shape: Shape<T, R>,
  pending: Set<Cancel> | null = null,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const next = chan.next();
    if (!isNothing(next)) return resolve(shape(next, true));
    if (chan.closed) return resolve(shape(undefined, false));
    const settle = (value: T | undefined, ok: boolean) => {
      pending?.delete(cancel);
      resolve(shape(value, ok));
    };
    const undo = chan.source === null
      ? waitInQueue(chan, settle)
      : waitInGoroutine(chan, settle, reject);
    const cancel = () => {
      settle(undefined, false);
      undo();
    };
    pending?.add(cancel);
  });
}

function waitInQueue<T>(chan: ChanCore<T>, settle: Shape<T, void>): Cancel {
  const w = hostWaiter(undefined, () => settle(w.value as T | undefined, w.ok));
  chan.awaitValue(w);
  return () => {
    count(-1);
    chan.abandon(w);
  };
}

/** For the channel of a timer, which fires only while some goroutine lives. */
function waitInGoroutine<T>(
  chan: ChanCore<T>,
  settle: Shape<T, void>,
  reject: (error: unknown) => void,
): Cancel {
  const body = receive();
  // Started here, because a goroutine that is ended before its first turn runs no `finally` block.
  body.next();
  const g = spawn(backgroundRun(), "recvAsync", body);
  return () => scheduler.end(g as G);

  function* receive(): Routine<void> {
    try {
      yield PARK;
      const [value, ok] = yield* recvOk(chan);
      settle(value, ok);
    } finally {
      // Has no effect unless it was ended, together with the host's other goroutines.
      reject(new PanicError("recvAsync: ended by an uncaught error in another goroutine"));
    }
  }
}

/** Receives from a goroutine. See {@linkcode Chan.recvOk}. */
function recvOk<T>(chan: ChanCore<T>): Routine<[T, true] | [undefined, false]> {
  return new RecvOperation<T, [T, true] | [undefined, false]>(chan).begin(true);
}

/** The iterator of `for await`. */
export class ChanIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #chan: ChanCore<T>;
  readonly #pending = new Set<Cancel>();
  #left = false;

  constructor(chan: ChanCore<T>) {
    this.#chan = chan;
  }

  /** Returns the next value, or the end. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#left) return Promise.resolve(END);
    return recvAsync(
      this.#chan,
      (value, ok) => ok ? { done: false, value: value as T } : END,
      this.#pending,
    );
  }

  /** The loop was left: the value of a pending `next` must not be lost. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#left = true;
    for (const cancel of [...this.#pending]) cancel();
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const END: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });
