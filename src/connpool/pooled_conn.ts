// SPDX-License-Identifier: MIT
/** A pool connection in use by a goroutine. Go: database/sql, Conn. */
import { PanicError } from "../sched/goroutine.ts";
import { showAs } from "../validate/one_line.ts";

/** Called to return a connection: it becomes idle, or is closed. */
export type GiveBack = (reusable: boolean) => void;

/**
 * Connection of a {@linkcode ConnPool} that is in use. `release` returns it to the pool; disposing
 * it without a release closes it. So a goroutine that throws, or is ended, in the middle of a
 * request does not leave a partial reply for the next one. Go: `sql.Conn`.
 *
 * @example
 * ```ts
 * using pooled = yield* conns.acquire({ timeout: 1000 });
 * yield* pooled.conn.write(query);
 * yield* pooled.conn.readFull(buf);
 * pooled.release();
 * ```
 */
export class PooledConn<T extends Disposable> implements Disposable {
  static {
    showAs(
      PooledConn.prototype,
      (p) => `PooledConn(${p.#giveBack === null ? "released" : "in use"})`,
    );
  }

  /**
   * Whether it was used before. If the peer closed it at the same time, a request on it fails as it
   * would not on a new one, and may be worth a second try.
   */
  readonly reused: boolean;
  readonly #conn: T;
  #giveBack: GiveBack | null;

  /** @internal */
  constructor(conn: T, reused: boolean, giveBack: GiveBack) {
    this.#conn = conn;
    this.reused = reused;
    this.#giveBack = giveBack;
  }

  /**
   * The connection, as `open` returned it.
   *
   * @throws {PanicError} after `release`, when it may be another goroutine's
   */
  get conn(): T {
    if (this.#giveBack === null) throw new PanicError("use of a released connection of a pool");
    return this.#conn;
  }

  /**
   * Returns the connection to the pool. Call it when the last reply has been read to its end. Never
   * parks.
   *
   * @throws {PanicError} if it has been released
   */
  release(): void {
    if (this.#giveBack === null) throw new PanicError("a connection of a pool was released twice");
    this.#end(true);
  }

  /** Closes the connection unless it has been released. */
  [Symbol.dispose](): void {
    if (this.#giveBack !== null) this.#end(false);
  }

  #end(reusable: boolean): void {
    const giveBack = this.#giveBack!;
    this.#giveBack = null;
    giveBack(reusable);
  }
}
