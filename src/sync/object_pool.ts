// SPDX-License-Identifier: MIT
/**
 * Objects kept for reuse while memory allows. Go: sync/pool.go.
 *
 * As in Go, a garbage collection moves the objects of each pool to its victim list and drops the
 * previous victims: objects in use stay, unused ones are gone after two collections. The host
 * reports a collection by finalizing an unreferenced object. Under `runSync` it cannot.
 */
import { needFunction, wrongArgument } from "../validate/argument.ts";
import { registerState } from "../sched/thread_state.ts";
import { showAs } from "../validate/one_line.ts";

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
 * Pool of reusable objects that are expensive to create, such as buffers. The garbage collector may
 * remove pooled objects at any time. No method parks. Go: `sync.Pool`.
 *
 * @typeParam T the type of the pooled objects
 * @example
 * ```ts
 * const buffers = new ObjectPool({ new: () => new Uint8Array(64 * 1024) });
 * const buf = buffers.get();
 * try { yield* conn.read(buf); } finally { buffers.put(buf); }
 * ```
 */
export class ObjectPool<T> {
  static {
    showAs(
      ObjectPool.prototype,
      (pool) => `ObjectPool(${pool.#fresh.length + pool.#old.length} objects)`,
    );
  }

  /** Creates an object when the pool is empty. */
  readonly new: (() => T) | undefined;
  #fresh: T[] = [];
  #old: T[] = [];

  /**
   * Creates an empty pool.
   *
   * @param options `new` creates an object; without it, `get` on an empty pool returns undefined
   */
  constructor(options: { new?: () => T } = {}) {
    if (typeof options !== "object" || options === null) {
      throw wrongArgument("create a pool", "options", "an object", options);
    }
    if (options.new !== undefined) needFunction("create a pool", "new", options.new);
    this.new = options.new;
  }

  /** Returns the object that was put in last, or a new one if the pool is empty. */
  get(): T {
    if (this.#fresh.length > 0) return this.#fresh.pop()!;
    return this.#old.length > 0 ? this.#old.pop()! : this.new?.() as T;
  }

  /**
   * Puts an object into the pool; the caller must not use it afterwards. Ignores null and
   * undefined.
   */
  put(x: T): void {
    if (x === null || x === undefined) return;
    this.#fresh.push(x);
    filled.add(this as ObjectPool<unknown>);
    if (!watching) watch();
  }

  /**
   * Ages the pool after a garbage collection. Returns true if it is empty.
   * @internal
   */
  age(): boolean {
    this.#old = this.#fresh;
    this.#fresh = [];
    return this.#old.length === 0;
  }
}

/**
 * Former name of {@linkcode ObjectPool}.
 *
 * @deprecated Use {@linkcode ObjectPool}. This name will be removed in version 0.3.
 */
export const Pool: typeof ObjectPool = ObjectPool;
/**
 * Former name of {@linkcode ObjectPool}.
 *
 * @typeParam T the type of the pooled objects
 * @deprecated Use {@linkcode ObjectPool}. This name will be removed in version 0.3.
 */
export type Pool<T> = ObjectPool<T>;
