// SPDX-License-Identifier: MIT
/** The values, deadline and cancellation of a task. Go: context/context.go. */
import { wrongArgument } from "../validate/argument.ts";
import { PanicError } from "../sched/goroutine.ts";
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import type { Canceller } from "./canceller.ts";
import type { ContextError } from "./errors.ts";
import { registerState } from "../sched/thread_state.ts";
import { showAs } from "../validate/one_line.ts";

/** The key of a context without a value of its own. */
const NO_KEY: unique symbol = Symbol("netpoll.noKey");

/** Parent of a root context. */
interface Never {
  readonly done: Chan<never>;
  readonly signal: AbortSignal;
}

/**
 * The channel of contexts that cannot be cancelled, which is never closed; created on first use.
 */
let never: Never | null = null;

registerState<Never | null>("contexts that never end", {
  fresh: () => null,
  save: () => never,
  restore: (state) => never = state,
});

function neverDone(): Never {
  return never ??= { done: chan<never>(), signal: new AbortController().signal };
}

/**
 * Context of a task: carries its values, its deadline and its cancellation. Made by
 * {@linkcode background} and the functions that derive one context from another. It changes only
 * once, when it is cancelled. No method parks. Go: `context.Context`.
 *
 * @example
 * ```ts
 * const [ctx, cancel] = withTimeout(background(), 1000);
 * try {
 *   const got = yield* select(jobs.onRecv(), ctx.done.onRecv());
 *   if (got.index === 1) throw ctx.err;
 * } finally {
 *   cancel();
 * }
 * ```
 */
export class Context {
  /**
   * Canceller of this context or of the nearest ancestor that has one; null if none has.
   * @internal
   */
  readonly canceller: Canceller | null;
  readonly #parent: Context | null;
  readonly #name: string;
  readonly #key: unknown;
  readonly #value: unknown;

  /** @internal */
  constructor(
    parent: Context | null,
    name: string,
    canceller: Canceller | null,
    key: unknown = NO_KEY,
    value: unknown = undefined,
  ) {
    this.#parent = parent;
    this.#name = name;
    this.canceller = canceller;
    this.#key = key;
    this.#value = value;
  }

  /**
   * Channel that is closed when the context is cancelled; never closed if it cannot be cancelled.
   * Go: `ctx.Done()`.
   */
  get done(): Chan<never> {
    return this.canceller?.done ?? neverDone().done;
  }

  /**
   * Null until the context is cancelled, then {@linkcode Canceled} or {@linkcode DeadlineExceeded}.
   * Go: `ctx.Err()`.
   */
  get err(): ContextError | null {
    return this.canceller?.err ?? null;
  }

  /**
   * Time at which the context is cancelled at the latest, or null; suitable for `conn.setDeadline`.
   * Go: `ctx.Deadline()`.
   */
  get deadline(): Date | null {
    const { expiry } = this.canceller ?? {};
    return expiry ? new Date(expiry.date) : null;
  }

  /**
   * AbortSignal for functions of the host: aborted when the context is cancelled, with the cause as
   * its reason.
   */
  get signal(): AbortSignal {
    return this.canceller?.signal ?? neverDone().signal;
  }

  /**
   * Returns the value for `key` in this context or its nearest ancestor that has one, or undefined.
   * Go: `ctx.Value`.
   *
   * @param key compared by identity
   */
  value<T = unknown>(key: unknown): T | undefined {
    return Context.#find(this, key) as T | undefined;
  }

  /** Returns how the context was derived, in Go's words: "context.Background.WithCancel". */
  toString(): string {
    return this.#parent === null ? this.#name : `${this.#parent}.${this.#name}`;
  }

  static #find(from: Context | null, key: unknown): unknown {
    for (let at = from; at !== null; at = at.#parent) {
      if (at.#key === key) return at.#value;
    }
    return undefined;
  }
}

/**
 * Throws Go's panic if a caller without types passes no context to derive from.
 * @internal
 */
export function requireParent(parent: Context): void {
  if (!(parent instanceof Context)) {
    throw new PanicError("cannot create context from nil parent");
  }
}

/**
 * Throws TypeError if the argument is not a context.
 * @internal
 */
export function requireContext(call: string, ctx: unknown): void {
  if (!(ctx instanceof Context)) throw wrongArgument(call, "ctx", "a Context", ctx);
}

const BACKGROUND = new Context(null, "context.Background", null);
const TODO = new Context(null, "context.TODO", null);

/**
 * Returns the root context: never cancelled, without values or deadline. Go: `context.Background`.
 *
 * @example
 * ```ts
 * const [ctx, cancel] = withTimeout(background(), 1000);
 * ```
 */
export function background(): Context {
  return BACKGROUND;
}

/**
 * Returns a context like {@linkcode background}, as a placeholder where it is not yet clear which
 * one to use. Go: `context.TODO`.
 */
export function todo(): Context {
  return TODO;
}

/**
 * Returns a context with one additional value. Go: `context.WithValue`.
 *
 * @param parent the context to derive from
 * @param key compared by identity; use a symbol or an object of your own to avoid collisions
 * @param value the result of `value(key)`
 * @throws {PanicError} "nil key"
 * @example
 * ```ts
 * const USER = Symbol("user");
 * const ctx = withValue(background(), USER, "ada");
 * console.log(ctx.value<string>(USER)); // ada
 * ```
 */
export function withValue(parent: Context, key: unknown, value: unknown): Context {
  requireParent(parent);
  if (key === undefined || key === null) throw new PanicError("nil key");
  return new Context(parent, `WithValue(${label(key)})`, parent.canceller, key, value);
}

/** Formats a key for `toString`. The value is left out: it may be a secret. */
function label(key: unknown): string {
  const plain = typeof key === "symbol" || typeof key !== "object" && typeof key !== "function";
  return plain ? String(key) : typeof key;
}

/**
 * Returns a context with the values of `parent`, but without its cancellation and deadline: for
 * work that must be finished after the request has ended. Go: `context.WithoutCancel`.
 *
 * @example
 * ```ts
 * go(writeLog, withoutCancel(ctx)); // continues after the request has ended
 * ```
 */
export function withoutCancel(parent: Context): Context {
  requireParent(parent);
  return new Context(parent, "WithoutCancel", null);
}

/**
 * Returns why `ctx` was cancelled: the given cause, or else its `err`; null while it is not
 * cancelled. Go: `context.Cause`.
 *
 * @example
 * ```ts
 * const [ctx, cancel] = withCancelCause(background());
 * cancel(new Error("shutting down"));
 * console.log(cause(ctx)); // Error: shutting down
 * ```
 */
export function cause(ctx: Context): unknown {
  requireContext("get the cause", ctx);
  return ctx.err === null ? null : ctx.canceller!.cause;
}

showAs(Context.prototype, (ctx) => {
  const name = Context.prototype.toString.call(ctx);
  return `Context(${name}${ctx.err === null ? "" : `, ${ctx.err.message}`})`;
});
