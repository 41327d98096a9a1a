// SPDX-License-Identifier: MIT
/**
 * What all connections of a thread share between their calls of OpenSSL: one buffer for ciphertext
 * that comes, one for ciphertext that goes, and two memory BIOs between these and OpenSSL.
 *
 * A handshake has BIOs of its own. Afterwards nothing stays in a BIO while a goroutine waits: what
 * OpenSSL has produced is taken out by the same call, and what came and was not yet decrypted is
 * kept for its connection as soon as another one needs the BIO. So an idle connection has none, and
 * no BIO, which never shrinks, grows with any connection.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import { type OpenSSL, openssl } from "./library.ts";

/** A connection whose ciphertext may lie in the shared BIO. */
export interface WireHolder {
  /** Takes what is left of it out of the BIO. */
  vacate(): void;
}

/** Several records of the greatest length (16 KiB and a little). */
const SIZE = 128 * 1024;

/** See the top of this file. */
export class Wire {
  readonly openssl: OpenSSL;
  /** Ciphertext that came. */
  readonly input = new Uint8Array(new ArrayBuffer(SIZE));
  /** Ciphertext that goes. */
  readonly output = new Uint8Array(new ArrayBuffer(SIZE));
  /** What OpenSSL reads. */
  readonly rbio: Pointer;
  /** What OpenSSL writes; empty between calls. */
  readonly wbio: Pointer;
  /** Whose ciphertext lies in `rbio`; null while it is empty. */
  holder: WireHolder | null = null;

  constructor(openssl: OpenSSL) {
    const { crypto } = openssl;
    this.openssl = openssl;
    this.rbio = crypto.BIO_new(crypto.BIO_s_mem());
    this.wbio = crypto.BIO_new(crypto.BIO_s_mem());
  }
}

let shared: Wire | null = null;

/** The thread's; made at the first need, and kept. */
export function wire(): Wire {
  return shared ??= new Wire(openssl());
}
