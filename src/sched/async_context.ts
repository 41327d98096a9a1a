// SPDX-License-Identifier: MIT
/**
 * The host's asynchronous context in goroutines: the values of `AsyncLocalStorage`. The body of a
 * goroutine is wrapped, and enters at each turn the context in which it was started; runs without
 * the option wrap nothing and pay nothing.
 */
import type { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import type { Routine } from "./goroutine.ts";
import type { Park } from "./park.ts";

type Step<T> = IteratorResult<Park, T>;

/** Runs a function in a context of the host. */
type Enter = <R>(f: () => R) => R;

/** The part of node:async_hooks used here, which is loaded at the first use. */
interface AsyncHooks {
  readonly AsyncLocalStorage: typeof AsyncLocalStorage;
}

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
  const hooks = process.getBuiltinModule("node:async_hooks") as AsyncHooks;
  return new ContextBody(body, hooks.AsyncLocalStorage.snapshot()) as unknown as Routine<T>;
}
