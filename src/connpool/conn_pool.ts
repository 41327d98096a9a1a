// SPDX-License-Identifier: MIT
/**
 * Client connection pool. Go: database/sql, DB.
 *
 * A semaphore of `maxOpen` admits calls in FIFO order. An admitted call takes the most recently
 * used connection, and opens one only if none is idle; so the number of idle connections and
 * admitted calls never exceeds `maxOpen`.
 */
import { cancellable } from "../context/cancellable.ts";
import { background } from "../context/context.ts";
import { withCancel } from "../context/with_cancel.ts";
import { ClosedError, UnexpectedEOFError } from "../fd/errors.ts";
import { OpError } from "../net/errors.ts";
import { CallDeadline, type CallOptions } from "../net/options/call_options.ts";
import { descriptorOf } from "../net/socket/descriptor.ts";
import { now } from "../sched/clock.ts";
import type { Routine } from "../sched/goroutine.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { currentRun } from "../sched/spawn.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { showAs } from "../validate/one_line.ts";
import { IdleConns, type OpenConn } from "./idle_conns.ts";
import {
  checkConnPoolOptions,
  type CheckedConnPoolOptions,
  type ConnPoolOptions,
} from "./options.ts";
import { PooledConn } from "./pooled_conn.ts";

/** State and counters of a {@linkcode ConnPool}. Go: `sql.DBStats`. */
export interface ConnPoolStats {
  /** The limit of open connections. */
  readonly maxOpen: number;
  /** Open connections, in use and idle, including those that are being opened. */
  readonly open: number;
  /** Connections in use. */
  readonly inUse: number;
  /** Idle connections. */
  readonly idle: number;
  /** Calls that are waiting for a connection. */
  readonly waiting: number;
  /** Calls that had to wait because of `maxOpen`. */
  readonly waitCount: number;
  /** Total time that they waited, in milliseconds. */
  readonly waitDuration: number;
  /** Connections closed because of `maxIdle`. */
  readonly maxIdleClosed: number;
  /** Connections closed because of `idleTimeout`. */
  readonly idleTimeoutClosed: number;
  /** Connections closed because of `maxLifetime`. */
  readonly maxLifetimeClosed: number;
  /** Idle connections closed because the peer had closed them or a check failed. */
  readonly unhealthyClosed: number;
}

/**
 * Pool of connections that goroutines take turns to use, with the options of Go's `sql.DB`. The
 * connections belong to the run whose goroutine opened them; a pool for code outside the goroutines
 * is used in the calls of an {@linkcode openRun}.
 *
 * @example
 * ```ts
 * using conns = new ConnPool({
 *   open: () => dial("tcp", "127.0.0.1:11211", { timeout: 1000 }),
 *   maxOpen: 20,
 * });
 * const reply = yield* conns.use(function* (conn) {
 *   yield* conn.write("version\r\n");
 *   return yield* new BufferedReader(conn).line();
 * });
 * ```
 */
export class ConnPool<T extends Disposable> implements Disposable {
  static {
    showAs(ConnPool.prototype, (pool) => {
      const { open, idle, maxOpen } = pool.stats;
      return `ConnPool(${open} of ${maxOpen} open, ${idle} idle${pool.#closed ? ", closed" : ""})`;
    });
  }

  readonly #options: CheckedConnPoolOptions<T>;
  readonly #slots: Semaphore;
  readonly #idle = new IdleConns<T>((open) => this.#expired(open));
  readonly #context;
  readonly #cancel: () => void;
  #closed = false;
  #open = 0;
  readonly #counts = {
    waiting: 0,
    waitCount: 0,
    waitDuration: 0,
    maxIdleClosed: 0,
    idleTimeoutClosed: 0,
    maxLifetimeClosed: 0,
    unhealthyClosed: 0,
  };

  /**
   * Creates a pool without connections. Go: `sql.OpenDB`.
   *
   * @param options see {@linkcode ConnPoolOptions}; only `open` is required
   * @throws {TypeError} for an invalid option, naming it
   */
  constructor(options: ConnPoolOptions<T>) {
    this.#options = checkConnPoolOptions(options);
    this.#slots = new Semaphore(this.#options.maxOpen);
    [this.#context, this.#cancel] = withCancel(background());
  }

  /** Snapshot of state and counters. Go: `DB.Stats`. */
  get stats(): ConnPoolStats {
    const idle = this.#idle.size;
    const { maxOpen } = this.#options;
    return { maxOpen, open: this.#open, inUse: this.#open - idle, idle, ...this.#counts };
  }

  /**
   * Returns an idle connection, or opens one. Parks while `maxOpen` connections are in use, first
   * come, first served. If the call is canceled, or its goroutine is ended, no connection is lost.
   * Go: `DB.Conn`.
   *
   * @param options limits of the whole call: timeout, deadline, signal, context
   * @returns the connection, to be held by `using`
   * @throws what `open` throws; {@linkcode ClosedError} if the pool is closed;
   * {@linkcode DeadlineExceededError} or {@linkcode CanceledError} at the limits of the call
   */
  acquire(options?: CallOptions): Routine<PooledConn<T>> {
    const call = this.#acquire();
    return options === undefined ? call : new CallDeadline(options).enforce(call, same);
  }

  /**
   * Runs `f` with a connection, which is released when `f` returns. If `f` throws, or the goroutine
   * is ended, it is closed, as it may be in the middle of a reply; see `keepAfter`. Parks.
   *
   * @param f a `function*` that receives the connection
   * @param options limits of the wait for the connection, as for `acquire`
   * @returns the value that `f` returned
   * @throws what `f` or `acquire` throws
   */
  *use<R>(f: (conn: T) => Routine<R>, options?: CallOptions): Routine<R> {
    using pooled = yield* this.acquire(options);
    let result: R;
    try {
      result = yield* f(pooled.conn);
    } catch (error) {
      if (this.#options.keepAfter(error)) pooled.release();
      throw error;
    }
    pooled.release();
    return result;
  }

  /**
   * Closes the pool and its idle connections. Calls that wait throw {@linkcode ClosedError};
   * connections in use are closed when they are released. Never parks; a second close does nothing.
   * Go: `DB.Close`.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel();
    for (const open of this.#idle.takeAll()) this.#discard(open);
  }

  /** As {@linkcode ConnPool.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  *#acquire(): Routine<PooledConn<T>> {
    if (this.#closed) throw closedError();
    if (!this.#slots.tryAcquire()) yield* this.#wait();
    let held = true;
    try {
      if (this.#closed) throw closedError();
      const idle = yield* this.#reuse();
      const open = idle ?? (yield* this.#dial());
      held = false;
      return new PooledConn(open.conn, idle !== null, (reusable) => {
        // Release the connection before the slot, whose next owner may use it.
        try {
          this.#giveBack(open, reusable);
        } finally {
          this.#slots.release();
        }
      });
    } finally {
      if (held) this.#slots.release();
    }
  }

  /** Waits for a slot. */
  *#wait(): Routine<void> {
    const counts = this.#counts;
    const began = now();
    counts.waitCount++;
    counts.waiting++;
    try {
      yield* this.#whileOpen(this.#slots.acquire());
    } finally {
      counts.waiting--;
      counts.waitDuration += now() - began;
    }
  }

  /** Returns the most recently used idle connection that is still healthy; null without any. */
  *#reuse(): Routine<OpenConn<T> | null> {
    for (let open; (open = this.#idle.take()) !== null;) {
      let healthy = false;
      try {
        if (this.#isDue(open)) continue;
        healthy = yield* this.#isHealthy(open);
        if (healthy) return open;
        this.#counts.unhealthyClosed++;
      } finally {
        if (!healthy) this.#discard(open);
      }
    }
    return null;
  }

  *#isHealthy(open: OpenConn<T>): Routine<boolean> {
    if (open.run.ending || hasEnded(open.conn)) return false;
    const { check } = this.#options;
    if (check === null) return !hasInput(open.conn);
    try {
      return yield* this.#whileOpen(check(open.conn));
    } catch (error) {
      if (error instanceof OpError || error instanceof UnexpectedEOFError) return false;
      throw error;
    }
  }

  *#dial(): Routine<OpenConn<T>> {
    this.#open++;
    let conn: T | null = null;
    try {
      conn = yield* this.#whileOpen(this.#options.open());
    } finally {
      if (conn === null) this.#open--;
    }
    const until = now() + this.#options.maxLifetime;
    return { conn, run: currentRun(), until, idleUntil: Infinity };
  }

  /** Runs `call`, and ends it when the pool is closed. */
  #whileOpen<R>(call: Routine<R>): Routine<R> {
    return cancellable(call, this.#context, closedError);
  }

  #giveBack(open: OpenConn<T>, reusable: boolean): void {
    const { maxIdle, idleTimeout } = this.#options;
    const at = now();
    open.idleUntil = at + idleTimeout;
    if (!reusable || this.#closed || open.run.ending || hasEnded(open.conn)) {
      this.#discard(open);
    } else if (at >= open.until) {
      this.#expired(open);
    } else if (this.#idle.size >= maxIdle + this.#counts.waiting) {
      this.#counts.maxIdleClosed++;
      this.#discard(open);
    } else this.#idle.add(open);
  }

  /** Whether an idle connection has expired; counts it if so. */
  #isDue(open: OpenConn<T>): boolean {
    const at = now();
    if (at >= open.until) this.#counts.maxLifetimeClosed++;
    else if (at >= open.idleUntil) this.#counts.idleTimeoutClosed++;
    else return false;
    return true;
  }

  #expired(open: OpenConn<T>): void {
    this.#isDue(open);
    this.#discard(open);
  }

  #discard({ conn }: OpenConn<T>): void {
    this.#open--;
    conn[Symbol.dispose]();
  }
}

/** Returns the descriptor of a connection, or of the one in its property `conn`. */
function fdOf(conn: unknown): ReturnType<typeof descriptorOf> {
  return descriptorOf(conn) ?? descriptorOf((conn as { readonly conn?: unknown }).conn);
}

/** Whether a connection is closed on this side. */
function hasEnded(conn: unknown): boolean {
  return fdOf(conn)?.closed === true;
}

/** Whether a read of an idle connection would return data or the end of the stream. */
function hasInput(conn: unknown): boolean {
  return fdOf(conn)?.ready("read") === true;
}

function closedError(): ClosedError {
  return new ClosedError("use of closed connection pool");
}

function same(error: Error): Error {
  return error;
}

// Each generator function has its own prototype.
refuseAwait(ConnPool.prototype.use.prototype, "pool.use");
