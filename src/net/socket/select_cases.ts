// SPDX-License-Identifier: MIT
/** Sockets as cases of a `select`, which Go cannot. See src/chan/select_case.ts for the protocol. */
import type { PollMode } from "../../netpoll/poll_state.ts";
import type { FD } from "../../fd/fd.ts";
import type { Waiter } from "../../chan/waiter.ts";
import type { OUTCOME, SelectCase } from "../../chan/select_case.ts";

/** Happens when a read, or a write, would not have to wait; it takes nothing. */
export class ReadyCase implements SelectCase<{ value: undefined; ok: true }> {
  /** @internal */
  declare readonly [OUTCOME]?: { value: undefined; ok: true };
  readonly #fd: FD;
  readonly #mode: PollMode;

  /** @internal */
  constructor(fd: FD, mode: PollMode) {
    this.#fd = fd;
    this.#mode = mode;
  }

  /** See {@linkcode SelectCase}. */
  try(waiter: Waiter): boolean {
    return waiter.ok = this.#fd.ready(this.#mode);
  }

  /** See {@linkcode SelectCase}. */
  enqueue(waiter: Waiter): void {
    this.#fd.pd!.watch(this.#mode, waiter);
  }

  /** See {@linkcode SelectCase}. */
  dequeue(waiter: Waiter): void {
    this.#fd.pd!.unwatch(this.#mode, waiter);
  }

  /** See {@linkcode SelectCase}. */
  describe(): string {
    return `${this.#mode} of ${this.#fd.describe()}`;
  }

  /** See {@linkcode SelectCase}. */
  collect(): undefined {}
}

/** What an accept gives without waiting: a connection, the error of the listener, or nothing yet. */
export type TryAccept<C> = () => { conn: C } | { error: unknown } | null;

/** Happens when there is a connection, which it takes then and only then. */
export class AcceptCase<C> implements SelectCase<{ value: C; ok: true }> {
  /** @internal */
  declare readonly [OUTCOME]?: { value: C; ok: true };
  readonly #fd: FD;
  readonly #accept: TryAccept<C>;

  /** @internal */
  constructor(fd: FD, accept: TryAccept<C>) {
    this.#fd = fd;
    this.#accept = accept;
  }

  /** See {@linkcode SelectCase}. */
  try(waiter: Waiter): boolean {
    const got = this.#accept();
    if (got === null) return false;
    if ("error" in got) throw got.error;
    waiter.value = got.conn;
    return waiter.ok = true;
  }

  /** See {@linkcode SelectCase}. */
  enqueue(waiter: Waiter): void {
    this.#fd.pd!.watch("read", waiter);
  }

  /** See {@linkcode SelectCase}. */
  dequeue(waiter: Waiter): void {
    this.#fd.pd!.unwatch("read", waiter);
  }

  /** See {@linkcode SelectCase}. */
  describe(): string {
    return `accept of ${this.#fd.describe()}`;
  }

  /** See {@linkcode SelectCase}. */
  collect(waiter: Waiter): C {
    return waiter.value as C;
  }
}
