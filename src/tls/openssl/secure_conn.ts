// SPDX-License-Identifier: MIT
/** What reads and writes need of their TLS connection; OpenSSLConn implements it. */
import type { Counted } from "../../fd/byte_counts.ts";
import type { HalfConn } from "../../net/io/half_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { SSLHandle } from "./ssl_handle.ts";

/** See the top of this file. */
export interface SecureConn extends Counted {
  /** The SSL object; null until the handshake has begun. */
  readonly handle: SSLHandle | null;
  /** Whether the handshake is over. */
  readonly secured: boolean;
  /** What failed first, beside what the SSL object knows itself; null while all is well. */
  readonly failure: Error | null;
  /** Whether this side wants to read no more. */
  readonly readEnded: boolean;
  /** Whether this side has closed it, or the connection below is closed. */
  readonly gone: boolean;
  readonly reading: HalfConn;
  readonly writing: HalfConn;
  /** A read, and a write, that may have to wait for their turn or for the handshake. */
  readSlowly(p: Uint8Array): Routine<number | null>;
  writeSlowly(p: Uint8Array): Routine<number>;
  /** Decrypts, with the error of a read. See {@linkcode SSLHandle.read}. */
  decrypt(p: Uint8Array, length: number): number;
  /** Encrypts, with the error of a write. See {@linkcode SSLHandle.encrypt}. */
  encrypt(p: Uint8Array, length: number): number;
  /** Sends what is to be sent, as far as it goes. Returns whether all is out. */
  flushNow(): boolean;
  /** It failed. */
  broken(cause: Error): void;
  /** The error of a call after it has failed. */
  failed(op: "read" | "write"): Error;
  /** The error of `op`. */
  fail(op: "read" | "write", cause: Error): Error;
  /** The error of a call after `close`. */
  failClosed(op: "read" | "write"): Error;
}
