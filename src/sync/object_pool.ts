// SPDX-License-Identifier: MIT
/**
 * Things kept for reuse, as long as memory allows. Go: sync/pool.go.
 *
 * As in Go, a collection of the garbage moves what lies in the pools to their second rows and drops
 * what lay there: what is in use stays, what is not is gone after two collections. The host tells
 * of a collection by taking an object that nobody holds. Under `runSync` it does not get to tell.
 */
import { needFunction, wrongArgument } from "../validate/argument.ts";
import { registerState } from "../sched/thread_state.ts";

/** Pools with something in them. Go: allPools and oldPools. */
let filled = new Set<ObjectPool<unknown>>();

registerState("filled pools", {
  fresh: () => new Set<ObjectPool<unknown>>(),
  save: () => filled,
  restore: (state) => filled = state,
});

/**
 * Called after each collection of the garbage. Go: poolCleanup.
 * @internal
 */
export function poolCleanup(): void {
  for (const pool of filled) if (pool.age()) filled.delete(pool);
}

const collections = new FinalizationRegistry<null>(() => {
  poolCleanup();
  if (filled.size > 0) watch();
  else watching = false;
});
let watching = false;

function watch(): void {
  watching = true;
  collections.register({}, null);
}

/**
 * Things that are costly to make and can be used again, such as buffers. What is in it may vanish at
 * any time. Nothing of it parks. Go: `sync.Pool`.
 *
 * @typeParam T What it keeps.
 * @example
 * ```ts
 * const buffers = new ObjectPool({ new: () => new Uint8Array(64 * 1024) });
 * const buf = buffers.get();
 * try { yield* copy(buf); } finally { buffers.put(buf); }
 * ```
 */
export class ObjectPool<T> {
  /** Makes one when the pool is empty. */
  readonly new: (() => T) | undefined;
  #fresh: T[] = [];
  #old: T[] = [];

  /**
   * An empty pool.
   *
   * @param options `new` makes one; without it an empty pool gives undefined
   */
  constructor(options: { new?: () => T } = {}) {
    if (typeof options !== "object" || options === null) {
      throw wrongArgument("make a pool", "its options", "an object", options);
    }
    if (options.new !== undefined) needFunction("make a pool", "new", options.new);
    this.new = options.new;
  }

  /** Takes one out, the last that was put in, or makes one. */
  get(): T {
    if (this.#fresh.length > 0) return this.#fresh.pop()!;
    return this.#old.length > 0 ? this.#old.pop()! : this.new?.() as T;
  }

  /** Puts one in, which the caller uses no more. Null and undefined are left out. */
  put(x: T): void {
    if (x === null || x === undefined) return;
    this.#fresh.push(x);
    filled.add(this as ObjectPool<unknown>);
    if (!watching) watch();
  }

  /**
   * A collection has been. Gives whether nothing is left.
   * @internal
   */
  age(): boolean {
    this.#old = this.#fresh;
    this.#fresh = [];
    return this.#old.length === 0;
  }
}

/**
 * The former name of {@linkcode ObjectPool}.
 *
 * @deprecated Use {@linkcode ObjectPool}; this name goes with version 0.3.
 */
export const Pool: typeof ObjectPool = ObjectPool;
/**
 * The former name of {@linkcode ObjectPool}.
 *
 * @typeParam T What it holds.
 * @deprecated Use {@linkcode ObjectPool}; this name goes with version 0.3.
 */
export type Pool<T> = ObjectPool<T>;
