// SPDX-License-Identifier: MIT
/** Byte counters of a connection. Node: `socket.bytesRead` and `socket.bytesWritten`. */
import { ByteCounts, COUNTED, type Counted } from "../../fd/byte_counts.ts";
import { wrongArgument } from "../../validate/argument.ts";
import type { Conn } from "../net.ts";

/** Byte counters of a connection, as {@linkcode byteCounters} returns them. */
export interface ByteCounters {
  /** Number of bytes that were read from the connection. */
  readonly bytesRead: number;
  /** Number of bytes that the connection has accepted from writes, the unfinished ones included. */
  readonly bytesWritten: number;
}

/**
 * Returns the byte counters of `conn`. Counting begins with the first call for a connection, so
 * call it right after `dial` or `accept`; connections without one have no counters. Later calls
 * return the same object, which stays readable after `close`. Never parks. Node:
 * `socket.bytesRead`.
 *
 * Reads, `chunks`, writes, `writev`, `copy`, `splice` and `sendFile` all count. Those of a TLS
 * connection count plaintext; those of its `conn` count ciphertext. Bytes that a `BufferedReader`
 * has read ahead count as read. `bytesWritten` of a pipe, a Duplex or a TLS connection may grow
 * only when a write ends.
 *
 * @param conn a stream connection of this library: TCP, Unix, TLS, `pipe` or `fromDuplex`
 * @throws {TypeError} if `conn` is not one
 * @example
 * ```ts
 * const bytes = byteCounters(conn);
 * yield* handle(conn);
 * console.log(`${conn.remoteAddr}: ${bytes.bytesRead} in, ${bytes.bytesWritten} out`);
 * ```
 */
export function byteCounters(conn: Conn): ByteCounters {
  const counted = (conn as { readonly [COUNTED]?: Counted } | null | undefined)?.[COUNTED];
  if (counted === undefined) {
    throw wrongArgument("count bytes", "conn", "a stream connection of this library", conn);
  }
  return counted.counts ??= new ByteCounts();
}
