// SPDX-License-Identifier: MIT
/** Interface of a TLS connection for its read and write operations; OpenSSLConn implements it. */
import type { Counted } from "../../fd/byte_counts.ts";
import type { HalfConn } from "../../net/io/half_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { SSLHandle } from "./ssl_handle.ts";

/** See the top of this file. */
export interface SecureConn extends Counted {
  /** The SSL object; null until the handshake has started. */
  readonly handle: SSLHandle | null;
  /** Whether the handshake has completed. */
  readonly secured: boolean;
  /** First failure, other than those recorded by the SSL object; null if there is none. */
  readonly failure: Error | null;
  /** Whether this side has shut down reading. */
  readonly readEnded: boolean;
  /** Whether this side has closed it, or the underlying connection is closed. */
  readonly gone: boolean;
  readonly reading: HalfConn;
  readonly writing: HalfConn;
  /**
   * Slow paths of a read and a write, which may have to wait for their turn or for the handshake.
   */
  readSlowly(p: Uint8Array): Routine<number | null>;
  writeSlowly(p: Uint8Array): Routine<number>;
  /** Decrypts; throws the error of a read. See {@linkcode SSLHandle.read}. */
  decrypt(p: Uint8Array, length: number): number;
  /** Encrypts; throws the error of a write. See {@linkcode SSLHandle.encrypt}. */
  encrypt(p: Uint8Array, length: number): number;
  /** Sends plaintext that the kernel encrypts, as far as possible; throws the error of a write. */
  sendPlain(p: Uint8Array, length: number): number;
  /** Whether `out` waits for what is written next, which is to be appended. */
  readonly deferred: boolean;
  /** Sends pending ciphertext, as far as possible. Returns whether all is sent. */
  flushNow(): boolean;
  /** Records a failure. */
  broken(cause: Error): void;
  /** Creates the error of a call after a failure. */
  failed(op: "read" | "write"): Error;
  /** Creates the error of `op`. */
  fail(op: "read" | "write", cause: Error): Error;
  /** Creates the error of a call after `close`. */
  failClosed(op: "read" | "write"): Error;
}
