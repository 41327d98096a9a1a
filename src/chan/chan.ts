// SPDX-License-Identifier: MIT
/** Channels, as their users see them. Go: the `chan` types and the built-in functions for them. */
import type { Routine } from "../sched/goroutine.ts";
import type { Received, Sent } from "./outcome.ts";
import type { SelectCase } from "./select_case.ts";

/**
 * A channel, made by {@linkcode chan}. It belongs to its thread and to no run: goroutines of several
 * runs and the host's async code may all use it. Values come out in the order in which they went
 * in, and those who wait are served in the order in which they came.
 *
 * A nil channel is `null`: as a case of `select` it never happens.
 *
 * @typeParam T What it carries.
 */
export interface Chan<T> extends AsyncIterable<T> {
  /** How many values it holds without a receiver. Go: `cap(ch)`. */
  readonly capacity: number;
  /** How many values are in it. Go: `len(ch)`. Never parks. */
  readonly length: number;
  /** Whether it was closed; values may still be in it. Go cannot ask. Never parks. */
  readonly closed: boolean;
  /**
   * Sends a value. Parks until it is received or, with a capacity, until there is room for it.
   * A goroutine that is ended while it waits has sent nothing. Go: `ch <- v`.
   *
   * @throws {PanicError} "send on closed channel", also when it is closed meanwhile
   */
  send(value: T): Routine<void>;
  /**
   * Receives a value; undefined when the channel is closed and empty. Parks. Go: `v := <-ch`.
   *
   * @example
   * ```ts
   * for (let job; (job = yield* jobs.recv()) !== undefined;) yield* work(job);
   * ```
   */
  recv(): Routine<T | undefined>;
  /**
   * Receives a value, and says whether it is one: `[undefined, false]` when the channel is closed
   * and empty. Parks. Go: `v, ok := <-ch`.
   */
  recvOk(): Routine<[T, true] | [undefined, false]>;
  /**
   * Sends if that needs no waiting, and says whether it did. Never parks.
   * Go: a `select` of a send and `default`.
   *
   * @throws {PanicError} "send on closed channel"
   */
  trySend(value: T): boolean;
  /**
   * Receives if that needs no waiting: the value, or `{ value: undefined, ok: false }` when the
   * channel is closed and empty, or null when nothing is there yet. Never parks.
   * Go: a `select` of a receive and `default`.
   */
  tryRecv(): Received<T> | null;
  /**
   * Closes it: what is in it can still be received, then every receive gives the end at once.
   * Receivers that wait are told the end, senders that wait fail. Never parks. Go: `close(ch)`.
   *
   * @throws {PanicError} "close of closed channel"
   */
  close(): void;
  /**
   * The case of a `select` that receives: its `value` and `ok` are those of
   * {@linkcode Chan.recvOk}. Go: `case v, ok := <-ch`.
   */
  onRecv(): SelectCase<Received<T>>;
  /**
   * The case of a `select` that sends `value`. Go: `case ch <- v`. If the channel is closed,
   * `select` throws "send on closed channel" when it comes to this case.
   */
  onSend(value: T): SelectCase<Sent>;
  /**
   * Sends from the host's async code, in turn with the goroutines that wait.
   *
   * While it is pending no deadlock is reported: the code behind it may still wake a goroutine.
   *
   * @throws {PanicError} (rejects) "send on closed channel"
   */
  sendAsync(value: T): Promise<void>;
  /** Receives in the host's async code; see {@linkcode Chan.recv} and {@linkcode Chan.sendAsync}. */
  recvAsync(): Promise<T | undefined>;
  /**
   * The values until the channel is closed, for `for await` in the host's async code. Leaving the
   * loop leaves the channel as it is. Go: `for v := range ch`.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>;
}
