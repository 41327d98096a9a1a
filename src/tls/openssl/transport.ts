// SPDX-License-Identifier: MIT
/** Interface of a ciphertext transport: nothing here parks, except on close. */
import type { Watcher } from "../../net/io/half_conn.ts";
import type { Conn } from "../../net/net.ts";

/** Result of `receive` without data; watchers are notified when there is some. */
export const NOTHING_YET = -1;

/** A direction of the underlying connection. */
export type Way = "read" | "write";

/** See the top of this file. */
export interface Transport {
  /** Underlying connection. */
  readonly conn: Conn;
  /** Whether the underlying connection is closed. */
  readonly closed: boolean;
  /**
   * Receives into `into`. Returns the number of bytes, 0 at the end of the stream, or
   * {@linkcode NOTHING_YET}. Throws the cause if the underlying connection has failed.
   */
  receive(into: Uint8Array): number;
  /**
   * Sends from the first `length` bytes of `bytes`. Returns the number sent; throws the cause of a
   * failure.
   */
  send(bytes: Uint8Array, length: number): number;
  /** Whether a call in this direction would not have to wait. */
  ready(way: Way): boolean;
  /** Notifies `watcher` when `receive` or `send` is worth retrying, until `unwatch`. */
  watch(way: Way, watcher: Watcher): void;
  /** Ends a `watch`; does nothing if it has already ended. */
  unwatch(way: Way, watcher: Watcher): void;
  /** Wakes waiters again whose last wake-up may no longer apply, such as after a failure. */
  wake(): void;
  /** Sends `rest` and closes the underlying connection without loss, in the background. */
  close(rest: Uint8Array | null): void;
  /** Resets the underlying connection unless it is closed. */
  abort(): void;
}
