// SPDX-License-Identifier: MIT
/**
 * Idle connections of a pool, and the goroutine that closes expired ones. Go: database/sql,
 * connectionCleaner. The goroutine belongs to the run of the connections, and exists only while
 * there are idle ones.
 */
import { now } from "../sched/clock.ts";
import { DEAD, type G, type Routine, type RunOwner } from "../sched/goroutine.ts";
import { spawn } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";

/** An open connection. Times are of `performance.now()`. */
export interface OpenConn<T> {
  readonly conn: T;
  /** Run that owns its descriptor. */
  readonly run: RunOwner;
  /** End of its `maxLifetime`. */
  readonly until: number;
  /** End of its `idleTimeout`, if it is idle. */
  idleUntil: number;
}

/** Called for an expired connection after its removal. */
export type OnExpired<T> = (open: OpenConn<T>) => void;

/** See the top of this file. */
export class IdleConns<T> {
  readonly #conns: OpenConn<T>[] = [];
  readonly #expired: OnExpired<T>;
  #cleaner: G<void> | null = null;
  readonly #timer = new CallTimer(() => {
    if (this.#cleaner !== null) scheduler.ready(this.#cleaner as G);
  });
  /** Time of its next wake-up; Infinity while it does not sleep. */
  #cleanAt = Infinity;

  constructor(expired: OnExpired<T>) {
    this.#expired = expired;
  }

  /** Number of idle connections. */
  get size(): number {
    return this.#conns.length;
  }

  /** Adds a connection whose times are set. */
  add(open: OpenConn<T>): void {
    this.#conns.push(open);
    const due = dueOf(open);
    if (due === Infinity) return;
    if (this.#cleaner === null || this.#cleaner.state === DEAD) {
      this.#cleaner = spawn(open.run, "ConnPool cleaner", this.#clean());
    } else if (this.#cleanAt !== Infinity && due < this.#cleanAt) {
      this.#cleanAt = due;
      scheduler.timers.set(this.#timer, due);
    }
  }

  /** Removes and returns the most recently used one; null if there is none. */
  take(): OpenConn<T> | null {
    return this.#conns.pop() ?? null;
  }

  /** Removes and returns all, and ends the goroutine. */
  takeAll(): OpenConn<T>[] {
    const all = this.#conns.splice(0);
    if (this.#cleaner !== null) scheduler.end(this.#cleaner as G);
    return all;
  }

  *#clean(): Routine<void> {
    try {
      while (this.#conns.length > 0) {
        this.#cleanAt = Math.min(...this.#conns.map(dueOf));
        if (this.#cleanAt === Infinity) return;
        if (now() < this.#cleanAt) {
          scheduler.timers.set(this.#timer, this.#cleanAt);
          yield scheduler.park("sleep");
        }
        this.#expire(now());
      }
    } finally {
      scheduler.timers.stop(this.#timer);
      this.#cleanAt = Infinity;
    }
  }

  #expire(at: number): void {
    const expired = this.#conns.filter((open) => dueOf(open) <= at);
    for (const open of expired) {
      this.#conns.splice(this.#conns.indexOf(open), 1);
      this.#expired(open);
    }
  }
}

function dueOf<T>({ until, idleUntil }: OpenConn<T>): number {
  return Math.min(until, idleUntil);
}
