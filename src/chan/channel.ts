// SPDX-License-Identifier: MIT
/** The public methods of a channel. Go: the built-in functions for channels. */
import type { Routine } from "../sched/goroutine.ts";
import type { Chan } from "./chan.ts";
import { ChanCore } from "./core.ts";
import { ChanIterator, recvAsync, sendAsync } from "./async.ts";
import { RecvCase, SendCase } from "./select_cases.ts";
import { RecvOperation, SendOperation } from "./operations.ts";
import { isNothing, type Received, type Sent } from "./outcome.ts";
import type { SelectCase } from "./select_case.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/** See {@linkcode Chan}. */
export class Channel<T> extends ChanCore<T> implements Chan<T> {
  /** One operation object of each kind serves all calls, unless they overlap. */
  #send: SendOperation<T> | null = null;
  /** See `#send`. */
  #recv: RecvOperation<T, unknown> | null = null;
  readonly #recvCase: RecvCase<T> = new RecvCase(this);

  send(value: T): Routine<void> {
    return (this.#send ??= new SendOperation(this)).begin(value);
  }

  recv(): Routine<T | undefined> {
    return (this.#recv ??= new RecvOperation(this)).begin(false) as Routine<T | undefined>;
  }

  recvOk(): Routine<[T, true] | [undefined, false]> {
    return (this.#recv ??= new RecvOperation(this)).begin(true) as Routine<
      [T, true] | [undefined, false]
    >;
  }

  trySend(value: T): boolean {
    return this.offer(value);
  }

  tryRecv(): Received<T> | null {
    const next = this.next();
    if (!isNothing(next)) return { value: next, ok: true };
    return this.closed ? { value: undefined, ok: false } : null;
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
}

/**
 * Creates a channel. Never parks. Go: `make(chan T, capacity)`.
 *
 * @param capacity the number of values it buffers; with 0, a send waits for its receiver
 * @throws {PanicError} "makechan: size out of range"
 * @example
 * ```ts
 * const ch = chan<number>();
 * go(function* () { yield* ch.send(42); ch.close(); });
 * console.log(yield* ch.recv()); // 42
 * ```
 */
export function chan<T>(capacity = 0): Chan<T> {
  return new Channel<T>(capacity);
}

showAs(Channel.prototype, (ch) => `${ch.describe()}${ch.closed ? ", closed" : ""}`);

notesCalls(Channel.prototype, "ch", "send", "recv", "recvOk");
