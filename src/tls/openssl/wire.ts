// SPDX-License-Identifier: MIT
/**
 * Buffers shared by all connections of a thread between their OpenSSL calls: one for incoming and
 * one for outgoing ciphertext, each a memory BIO.
 *
 * A handshake has a BIO of its own for its output. Otherwise no data stays in a BIO while a goroutine
 * waits: OpenSSL's output is taken out by the same call, and input that is not decrypted yet is saved for
 * its connection before anything else is received. So an idle connection has no BIO, and no BIO,
 * which never shrinks, grows with a connection.
 */
import { type OpenSSL, openssl } from "./library.ts";
import { MappedBIO } from "./mapped_bio.ts";

/** A connection whose ciphertext may be in the shared BIO. */
export interface WireHolder {
  /** Moves its remaining ciphertext out of the BIO. */
  vacate(): void;
}

/** Several records of maximum length (a little over 16 KiB). */
const INCOMING_BYTES = 128 * 1024;
/**
 * More than one OpenSSL call produces: the records of {@linkcode MOST_PLAINTEXT}, or as many
 * replies to key updates as fit into the above.
 */
const OUTGOING_BYTES = 2 * INCOMING_BYTES;

/** Maximum length of plaintext per call of `encrypt`. */
export const MOST_PLAINTEXT = 64 * 1024;

/** See the top of this file. */
export class Wire {
  readonly openssl: OpenSSL;
  /** Incoming ciphertext, for OpenSSL to read. */
  readonly incoming: MappedBIO;
  /** Outgoing ciphertext, as OpenSSL writes it; empty between calls. */
  readonly outgoing: MappedBIO;
  /** The memory of `outgoing`: its data stays there until the next call. */
  readonly output: Uint8Array;
  /** Connection whose ciphertext is in `incoming`; null while it is empty. */
  holder: WireHolder | null = null;
  readonly #input: Uint8Array;

  constructor(openssl: OpenSSL) {
    this.openssl = openssl;
    this.incoming = new MappedBIO(openssl, INCOMING_BYTES);
    this.outgoing = new MappedBIO(openssl, OUTGOING_BYTES);
    this.#input = this.incoming.bytes;
    this.output = this.outgoing.bytes;
  }

  /**
   * Empties `incoming` and returns its memory to receive into. The received data must be fed or
   * copied before anything else.
   */
  room(): Uint8Array {
    if (this.holder !== null) this.holder.vacate();
    return this.#input;
  }
}

let shared: Wire | null = null;

/** Returns the thread's buffers; created at first use, and kept. */
export function wire(): Wire {
  return shared ??= new Wire(openssl());
}
