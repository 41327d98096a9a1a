// SPDX-License-Identifier: MIT
/** The public interface of channels. Go: the `chan` types and their built-in functions. */
import type { Routine } from "../sched/goroutine.ts";
import type { Received, Sent } from "./outcome.ts";
import type { SelectCase } from "./select_case.ts";

/**
 * Channel, made by {@linkcode chan}. It belongs to its thread, not to a run: goroutines of several
 * runs and async code of the host may use it. Values are received in the order in which they were
 * sent, and waiters are served first come, first served.
 *
 * A nil channel is `null`: as a `select` case it is never ready.
 *
 * @typeParam T the type of its values
 */
export interface Chan<T> extends AsyncIterable<T> {
  /** Number of values it buffers. Go: `cap(ch)`. */
  readonly capacity: number;
  /** Number of values in the buffer. Never parks. Go: `len(ch)`. */
  readonly length: number;
  /**
   * True if it was closed; buffered values may still be received. Never parks. Go has no
   * equivalent.
   */
  readonly closed: boolean;
  /**
   * Sends a value. Parks until it is received or, with a capacity, until the buffer has room. A
   * goroutine that is ended while it waits has sent nothing, unless a receiver had taken the value
   * before: {@linkcode cancellable} then returns as after any send. Go: `ch <- v`.
   *
   * @throws {PanicError} "send on closed channel", also if it is closed while the call waits
   */
  send(value: T): Routine<void>;
  /**
   * Receives a value; returns undefined if the channel is closed and empty. Parks. Go: `v := <-ch`.
   *
   * @example
   * ```ts
   * for (let job; (job = yield* jobs.recv()) !== undefined;) yield* work(job);
   * ```
   */
  recv(): Routine<T | undefined>;
  /**
   * Receives a value and reports whether there was one; returns `[undefined, false]` if the channel
   * is closed and empty. Parks. Go: `v, ok := <-ch`.
   */
  recvOk(): Routine<[T, true] | [undefined, false]>;
  /**
   * Sends a value if that needs no waiting. Returns true on success. Never parks. Go: a `select`
   * with a send and `default`.
   *
   * @throws {PanicError} "send on closed channel"
   */
  trySend(value: T): boolean;
  /**
   * Receives if that needs no waiting. Returns the value, or `{ value: undefined, ok: false }` if
   * the channel is closed and empty, or null if there is no value yet. Never parks. Go: a `select`
   * with a receive and `default`.
   */
  tryRecv(): Received<T> | null;
  /**
   * Closes the channel. Buffered values can still be received; after them, every receive returns
   * the end at once. Waiting receivers get the end, waiting senders fail. Never parks. Go:
   * `close(ch)`.
   *
   * @throws {PanicError} "close of closed channel"
   */
  close(): void;
  /**
   * Returns a `select` case that receives; its `value` and `ok` are those of
   * {@linkcode Chan.recvOk}. Go: `case v, ok := <-ch`.
   */
  onRecv(): SelectCase<Received<T>>;
  /**
   * Returns a `select` case that sends `value`. If the channel is closed, `select` throws "send on
   * closed channel" when it chooses this case. Go: `case ch <- v`.
   */
  onSend(value: T): SelectCase<Sent>;
  /**
   * Sends from async code of the host, in the same queue as waiting goroutines.
   *
   * While it is pending no deadlock is reported, because the code after it may still wake a
   * goroutine.
   *
   * @throws {PanicError} (rejects) "send on closed channel"
   */
  sendAsync(value: T): Promise<void>;
  /**
   * Receives in async code of the host; see {@linkcode Chan.recv} and {@linkcode Chan.sendAsync}.
   */
  recvAsync(): Promise<T | undefined>;
  /**
   * Iterates over the values until the channel is closed, for `for await` in async code of the
   * host. Leaving the loop does not close the channel. Go: `for v := range ch`.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>;
}
