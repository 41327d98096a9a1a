// SPDX-License-Identifier: MIT
/** A channel's cases of a `select`. Go: runtime/select.go, scase. */
import type { Chan } from "./chan.ts";
import { NOTHING, type Received, sendOnClosed } from "./chan_outcome.ts";
import type { Waiter } from "./chan_waiter.ts";
import type { OUTCOME, SelectCase } from "./select_case.ts";

/** Made by {@linkcode Chan.onRecv}. One serves all the selects of its channel. */
export class RecvCase<T> implements SelectCase<Received<T>> {
  /** @internal */
  declare readonly [OUTCOME]?: Received<T>;
  readonly #chan: Chan<T>;

  /** @internal */
  constructor(chan: Chan<T>) {
    this.#chan = chan;
  }

  /** See {@linkcode SelectCase}. */
  try(waiter: Waiter): boolean {
    const next = this.#chan.next();
    if (next === NOTHING) {
      waiter.ok = false;
      return this.#chan.closed;
    }
    waiter.value = next;
    waiter.ok = true;
    return true;
  }

  /** See {@linkcode SelectCase}. */
  enrol(waiter: Waiter): void {
    this.#chan.awaitValue(waiter);
  }

  /** See {@linkcode SelectCase}. */
  withdraw(waiter: Waiter): void {
    this.#chan.abandon(waiter);
  }

  /** See {@linkcode SelectCase}. */
  collect(waiter: Waiter): T | undefined {
    return waiter.value as T | undefined;
  }
}

/** Made by {@linkcode Chan.onSend}. */
export class SendCase<T> implements SelectCase<{ value: undefined; ok: true }> {
  /** @internal */
  declare readonly [OUTCOME]?: { value: undefined; ok: true };
  readonly #chan: Chan<T>;
  readonly #value: T;

  /** @internal */
  constructor(chan: Chan<T>, value: T) {
    this.#chan = chan;
    this.#value = value;
  }

  /** See {@linkcode SelectCase}. */
  try(waiter: Waiter): boolean {
    return waiter.ok = this.#chan.offer(this.#value);
  }

  /** See {@linkcode SelectCase}. */
  enrol(waiter: Waiter): void {
    waiter.value = this.#value;
    this.#chan.senders.push(waiter);
  }

  /** See {@linkcode SelectCase}. */
  withdraw(waiter: Waiter): void {
    this.#chan.senders.remove(waiter);
  }

  /** See {@linkcode SelectCase}. */
  collect(waiter: Waiter): undefined {
    if (!waiter.ok) throw sendOnClosed();
  }
}
