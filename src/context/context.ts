// SPDX-License-Identifier: MIT
/** What goes along with a task: its values, its deadline, its cancellation. Go: context/context.go. */
import { wrongArgument } from "../validate/argument.ts";
import { PanicError } from "../sched/goroutine.ts";
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import type { Canceller } from "./canceller.ts";
import type { ContextError } from "./errors.ts";
import { registerState } from "../sched/thread_state.ts";

/** The key of a context that carries no value of its own. */
const NO_KEY: unique symbol = Symbol("netpoll.noKey");

/** The end of a context that has none. */
interface Never {
  readonly done: Chan<never>;
  readonly signal: AbortSignal;
}

/** What never happens, for contexts that cannot be cancelled: made for the first who asks. */
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
 * A context: made by {@linkcode background} and the functions that derive one from another. It never
 * changes but once, from alive to cancelled. Nothing of it parks. Go: `context.Context`.
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
   * What cancels it, its own or that of one above it; null if nothing does.
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

  /** A channel that is closed when the context is cancelled. Of one that cannot be, it stays open. */
  get done(): Chan<never> {
    return this.canceller?.done ?? neverDone().done;
  }

  /** Null while it is alive; then {@linkcode Canceled} or {@linkcode DeadlineExceeded}. */
  get err(): ContextError | null {
    return this.canceller?.err ?? null;
  }

  /** When it is cancelled at the latest, or null; as the `setDeadline` of a connection takes it. */
  get deadline(): Date | null {
    const { expiry } = this.canceller ?? {};
    return expiry ? new Date(expiry.date) : null;
  }

  /** For the host's functions: aborted, with the cause as its reason, when this is cancelled. */
  get signal(): AbortSignal {
    return this.canceller?.signal ?? neverDone().signal;
  }

  /**
   * The value under `key` of this context or the nearest above it that has one; else undefined.
   *
   * @param key compared by identity
   */
  value<T = unknown>(key: unknown): T | undefined {
    return Context.#find(this, key) as T | undefined;
  }

  /** How it came to be, in Go's words: "context.Background.WithCancel". */
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
 * Throws Go's panic when a caller without types gives no context to derive from.
 * @internal
 */
export function requireParent(parent: Context): void {
  if (!(parent instanceof Context)) {
    throw new PanicError("cannot create context from nil parent");
  }
}

/**
 * Throws TypeError when what is to be a context is none.
 * @internal
 */
export function requireContext(call: string, ctx: unknown): void {
  if (!(ctx instanceof Context)) throw wrongArgument(call, "it", "a Context", ctx);
}

const BACKGROUND = new Context(null, "context.Background", null);
const TODO = new Context(null, "context.TODO", null);

/** The context at the root of all: alive for ever, without values. Go: `context.Background`. */
export function background(): Context {
  return BACKGROUND;
}

/** The same, for a place where it is not clear yet which context belongs there. Go: `context.TODO`. */
export function todo(): Context {
  return TODO;
}

/**
 * A context with one value more. Go: `context.WithValue`.
 *
 * @param parent what it is derived from
 * @param key compared by identity; a symbol or an object of one's own meets no other's
 * @param value what `value(key)` gives
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

/** A key as `toString` shows it. The value is left out: it may be a secret. */
function label(key: unknown): string {
  const plain = typeof key === "symbol" || typeof key !== "object" && typeof key !== "function";
  return plain ? String(key) : typeof key;
}

/**
 * A context with the values of `parent` that is neither cancelled with it nor has its deadline: for
 * what must be finished after the request is over. Go: `context.WithoutCancel`.
 */
export function withoutCancel(parent: Context): Context {
  requireParent(parent);
  return new Context(parent, "WithoutCancel", null);
}

/**
 * Why `ctx` was cancelled: the cause that was given, or else its `err`; null while it is alive.
 * Go: `context.Cause`.
 */
export function cause(ctx: Context): unknown {
  requireContext("tell a cause", ctx);
  return ctx.err === null ? null : ctx.canceller!.cause;
}
