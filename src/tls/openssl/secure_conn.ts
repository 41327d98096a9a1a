// SPDX-License-Identifier: MIT
/** What a read or a write under way needs of its connection; OpenSSLConn implements it. */
import type { HalfConn } from "../../net/io/half_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { SSLHandle } from "./ssl_handle.ts";

/** See the top of this file. */
export interface SecureConn {
  /** Whether the handshake is over. */
  readonly secured: boolean;
  /** Whether the connection was closed here. */
  readonly gone: boolean;
  /** Null before the handshake and after the end. */
  readonly handle: SSLHandle | null;
  /** The first fatal error. */
  readonly failure: Error | null;
  /** Whether `closeRead` was called, or the peer has ended its side in order. */
  readonly readEnded: boolean;
  /** The direction of reads. */
  readonly reading: HalfConn;
  /** The direction of writes. */
  readonly writing: HalfConn;
  /** Reads by a generator, where an operation cannot. Parks. */
  readSlowly(p: Uint8Array): Routine<number | null>;
  /** Writes by a generator, where an operation cannot. Parks. */
  writeSlowly(p: Uint8Array): Routine<number>;
  /** Decrypts into the first `length` bytes of `p`. */
  decrypt(p: Uint8Array, length: number): number;
  /** Encrypts the first `length` bytes of `p`. */
  encrypt(p: Uint8Array, length: number): number;
  /** Sends what is encrypted; false if some of it must wait. */
  flushNow(): boolean;
  /** Notes the first fatal error. */
  broken(cause: Error): void;
  /** Returns the error of a call on a connection that has failed. */
  failed(op: "read" | "write"): Error;
  /** Returns the error of a call on a closed connection. */
  failClosed(op: "read" | "write"): Error;
  /** Returns the error of a failed call. */
  fail(op: "read" | "write", cause: Error): Error;
}
