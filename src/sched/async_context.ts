// SPDX-License-Identifier: MIT
/**
 * The host's asynchronous context in goroutines: the values of `AsyncLocalStorage`. The body of a
 * goroutine is wrapped, and enters at each turn the context in which it was started; runs without
 * the option wrap nothing and pay nothing.
 */
import { nodeModule } from "../../platforms/contract/host.ts";
import type { Routine } from "./goroutine.ts";
import type { Park } from "./park.ts";

type Step<T> = IteratorResult<Park, T>;

/** Runs a function in a context of the host. */
type Enter = <R>(f: () => R) => R;

/** A body whose turns are in the context that it was made in. */
class ContextBody<T> {
  readonly #body: Routine<T>;
  readonly #enter: Enter;
  readonly #next: () => Step<T>;

  constructor(body: Routine<T>, enter: Enter) {
    this.#body = body;
    this.#enter = enter;
    this.#next = () => body.next();
  }

  next(): Step<T> {
    return this.#enter(this.#next);
  }

  return(value: T): Step<T> {
    return this.#enter(() => this.#body.return(value));
  }

  throw(error: unknown): Step<T> {
    return this.#enter(() => this.#body.throw(error));
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** Returns `body` with turns in the present context of the host. */
export function inAsyncContext<T>(body: Routine<T>): Routine<T> {
  const { AsyncLocalStorage } = nodeModule("node:async_hooks");
  return new ContextBody(body, AsyncLocalStorage.snapshot()) as unknown as Routine<T>;
}
