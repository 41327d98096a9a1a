// SPDX-License-Identifier: MIT
// Load generators: goroutines of this process.
import { type Conn, dial, go, type Goroutine, type Routine, sleep } from "../../mod.ts";
import type { Served } from "./served.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Sends `text` and waits for `length` bytes. Returns whether they arrived. */
export function* ask(conn: Conn, text: string, length = text.length): Routine<boolean> {
  try {
    yield* conn.write(encode(text));
    return (yield* conn.readFull(new Uint8Array(length))) !== null;
  } catch {
    return false;
  }
}

/** Connects, or returns null if that is not possible within `timeout` milliseconds. */
export function* tryDial(served: Served, timeout = 5000): Routine<Conn | null> {
  try {
    return yield* dial("tcp", served.address, { timeout });
  } catch {
    return null;
  }
}

/** Clients that send `text` repeatedly, each on its own connection. */
export class Talkers {
  /** Number of replies so far. */
  rounds = 0;
  /** Number of failed connections. */
  broken = 0;
  readonly #served: Served;
  readonly #text: string;
  readonly #length: number;
  readonly #all: Goroutine<void>[];
  #stopped = false;

  constructor(served: Served, count: number, text: string, length = text.length) {
    this.#served = served;
    this.#text = text;
    this.#length = length;
    this.#all = Array.from({ length: count }, () => go(() => this.#talk()));
  }

  /** Replies per second over the next `ms` milliseconds. */
  *rate(ms: number): Routine<number> {
    const [before, start] = [this.rounds, performance.now()];
    yield* sleep(ms);
    return (this.rounds - before) * 1000 / (performance.now() - start);
  }

  *stop(): Routine<void> {
    this.#stopped = true;
    for (const one of this.#all) yield* one.join();
  }

  *#talk(): Routine<void> {
    const conn = yield* tryDial(this.#served);
    if (conn === null) return void this.broken++;
    using _ = conn;
    while (!this.#stopped) {
      if (!(yield* ask(conn, this.#text, this.#length))) return void this.broken++;
      this.rounds++;
    }
  }
}

/** Returns the quantile `q` of sorted values. */
export function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
