// SPDX-License-Identifier: MIT
/**
 * What all connections of a thread share between their calls of OpenSSL: one buffer for ciphertext
 * that comes, one for ciphertext that goes, each of them a memory BIO.
 *
 * A handshake has BIOs of its own. Afterwards nothing stays in a BIO while a goroutine waits: what
 * OpenSSL has produced is taken out by the same call, and what came and was not yet decrypted is
 * kept for its connection before anything else is received. So an idle connection has none, and no
 * BIO, which never shrinks, grows with any connection.
 */
import { type OpenSSL, openssl } from "./library.ts";
import { MappedBIO } from "./mapped_bio.ts";

/** A connection whose ciphertext may lie in the shared BIO. */
export interface WireHolder {
  /** Takes what is left of it out of the BIO. */
  vacate(): void;
}

/** Several records of the greatest length (16 KiB and a little). */
const INCOMING_BYTES = 128 * 1024;
/**
 * More than one call of OpenSSL produces: the records of {@linkcode MOST_PLAINTEXT}, or as many
 * replies to key updates as fit into the above.
 */
const OUTGOING_BYTES = 2 * INCOMING_BYTES;

/** Most plaintext that one call of `encrypt` is given. */
export const MOST_PLAINTEXT = 64 * 1024;

/** See the top of this file. */
export class Wire {
  readonly openssl: OpenSSL;
  /** Ciphertext that came, for OpenSSL to read. */
  readonly incoming: MappedBIO;
  /** Ciphertext that goes, as OpenSSL writes it; empty between calls. */
  readonly outgoing: MappedBIO;
  /** The memory of `outgoing`: what was taken out of it stays there until the next call. */
  readonly output: Uint8Array;
  /** Whose ciphertext lies in `incoming`; null while it is empty. */
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
   * The memory of `incoming`, to receive into: nobody's ciphertext lies there any more. What comes
   * must be fed or copied before anything else.
   */
  room(): Uint8Array {
    if (this.holder !== null) this.holder.vacate();
    return this.#input;
  }
}

let shared: Wire | null = null;

/** The thread's; made at the first need, and kept. */
export function wire(): Wire {
  return shared ??= new Wire(openssl());
}
