// SPDX-License-Identifier: MIT
/**
 * Cache of answers by name and type, for the duration of their TTL. RFC 1035, section 7.4; RFC
 * 2308.
 */
import { now } from "../sched/clock.ts";
import type { ResolverCacheOptions } from "./options.ts";

interface Entry<T> {
  readonly value: T;
  /** Expiry, in milliseconds of `performance.now()`. */
  readonly until: number;
}

/** See the top of this file. There is no timer: expired entries are detected on lookup. */
export class AnswerCache<T> {
  readonly #size: number;
  readonly #maxTTL: number;
  /** Ordered by last use. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor({ size = 1000, maxTTL = 3600 }: ResolverCacheOptions) {
    this.#size = size;
    this.#maxTTL = maxTTL;
  }

  /** Returns the answer of `key`, or undefined. */
  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Caches an answer for `ttl` seconds. */
  set(key: string, value: T, ttl: number): void {
    if (ttl <= 0) return;
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: now() + Math.min(ttl, this.#maxTTL) * 1000 });
    if (this.#entries.size <= this.#size) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest);
  }
}
