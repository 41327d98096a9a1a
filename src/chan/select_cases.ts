// SPDX-License-Identifier: MIT
/** A channel's cases of a `select`. Go: runtime/select.go, scase. */
import type { ChanCore } from "./core.ts";
import { isNothing, type Received, sendOnClosed, type Sent } from "./outcome.ts";
import type { Waiter } from "./waiter.ts";
import type { OUTCOME, SelectCase } from "./select_case.ts";

/** Made by {@linkcode Chan.onRecv}. One serves all the selects of its channel. */
export class RecvCase<T> implements SelectCase<Received<T>> {
  declare readonly [OUTCOME]?: Received<T>;
  readonly #chan: ChanCore<T>;

  constructor(chan: ChanCore<T>) {
    this.#chan = chan;
  }

  try(waiter: Waiter): boolean {
    const next = this.#chan.next();
    if (isNothing(next)) {
      waiter.ok = false;
      return this.#chan.closed;
    }
    waiter.value = next;
    waiter.ok = true;
    return true;
  }

  enqueue(waiter: Waiter): void {
    this.#chan.awaitValue(waiter);
  }

  dequeue(waiter: Waiter): void {
    this.#chan.abandon(waiter);
  }

  describe(): string {
    return `receive of ${this.#chan.describe()}`;
  }

  collect(waiter: Waiter): T | undefined {
    return waiter.value as T | undefined;
  }
}

/** Made by {@linkcode Chan.onSend}. */
export class SendCase<T> implements SelectCase<Sent> {
  declare readonly [OUTCOME]?: Sent;
  readonly #chan: ChanCore<T>;
  readonly #value: T;

  constructor(chan: ChanCore<T>, value: T) {
    this.#chan = chan;
    this.#value = value;
  }

  try(waiter: Waiter): boolean {
    return waiter.ok = this.#chan.offer(this.#value);
  }

  enqueue(waiter: Waiter): void {
    waiter.value = this.#value;
    this.#chan.senders.push(waiter);
  }

  dequeue(waiter: Waiter): void {
    this.#chan.senders.remove(waiter);
  }

  describe(): string {
    return `send to ${this.#chan.describe()}`;
  }

  collect(waiter: Waiter): undefined {
    if (!waiter.ok) throw sendOnClosed();
  }
}
