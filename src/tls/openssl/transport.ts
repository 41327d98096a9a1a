// SPDX-License-Identifier: MIT
/** What carries the ciphertext of a connection: nothing here parks, but for the end. */
import type { Watcher } from "../../net/io/half_conn.ts";
import type { Conn } from "../../net/net.ts";

/** `receive` found nothing; whoever watches is told when there is something. */
export const NOTHING_YET = -1;

/** A direction of the connection below. */
export type Way = "read" | "write";

/** See the top of this file. */
export interface Transport {
  /** The connection below. */
  readonly conn: Conn;
  /** Whether the connection below is closed. */
  readonly closed: boolean;
  /**
   * Receives into `into`. Returns how many bytes, 0 at the end of the stream, {@linkcode
   * NOTHING_YET}. Throws the cause when the connection below has failed.
   */
  receive(into: Uint8Array): number;
  /**
   * Sends from the first `length` bytes of `bytes`. Returns how many; throws the cause of a
   * failure.
   */
  send(bytes: Uint8Array, length: number): number;
  /** Whether a call in this direction would not have to wait. */
  ready(way: Way): boolean;
  /** Has `watcher` told when `receive` or `send` is worth trying again, until `unwatch`. */
  watch(way: Way, watcher: Watcher): void;
  /** Ends a `watch`; one that is over already is no error. */
  unwatch(way: Way, watcher: Watcher): void;
  /** Wakes those who were woken before by a readiness that may be gone, as after a failure. */
  wake(): void;
  /** Sends `rest` and closes the connection below, loses nothing, and is not waited for. */
  close(rest: Uint8Array | null): void;
  /** Resets the connection below unless it is closed. */
  abort(): void;
}
