// SPDX-License-Identifier: MIT
/**
 * The secret that one side of a connection encrypts its application data with, and the key that
 * comes of it. RFC 8446, section 7. OpenSSL shows it to nothing but its key log.
 */
import { nodeCrypto } from "../../bridge/host.ts";
import type { AEAD, TrafficKey } from "../../../platforms/contract/kernel_tls.ts";

/** Hash of the cipher suite, and length of its key in bytes. */
const SUITES: Readonly<Record<AEAD, { readonly hash: string; readonly keyLength: number }>> = {
  TLS_AES_128_GCM_SHA256: { hash: "sha256", keyLength: 16 },
  TLS_AES_256_GCM_SHA384: { hash: "sha384", keyLength: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { hash: "sha256", keyLength: 32 },
};
const IV_LENGTH = 12;

/** Label of the secret in a key log. */
const LABELS = {
  client: "CLIENT_TRAFFIC_SECRET_0 ",
  server: "SERVER_TRAFFIC_SECRET_0 ",
};

/** Bytes of a record before its content; the last two are the content's length. */
const HEADER = 5;
const APPLICATION_DATA = 23;

/** Whether `cipher` is one that a key can be derived for. */
export function isAEAD(cipher: string): cipher is AEAD {
  return Object.hasOwn(SUITES, cipher);
}

/** See the top of this file. Its bytes are in no other memory of JavaScript's. */
export class TrafficSecret {
  readonly #label: Uint8Array;
  #secret: Uint8Array | null = null;

  /** @param side this side */
  constructor(side: "client" | "server") {
    this.#label = new TextEncoder().encode(LABELS[side]);
  }

  /** Whether the key log has had it. */
  get known(): boolean {
    return this.#secret !== null;
  }

  /** Takes the secret out of a line of the key log, if it is there: label, client random, secret. */
  take(line: Uint8Array): void {
    if (!this.#label.every((byte, i) => line[i] === byte)) return;
    const start = line.lastIndexOf(0x20) + 1;
    const secret = new Uint8Array((line.length - start) >> 1);
    for (let i = 0; i < secret.length; i++) {
      secret[i] = digit(line[start + 2 * i]) << 4 | digit(line[start + 2 * i + 1]);
    }
    this.wipe();
    this.#secret = secret;
  }

  /** The key with which the record of number `sequence` is the next one. */
  key(cipher: AEAD, sequence: number): TrafficKey {
    const { hash, keyLength } = SUITES[cipher];
    const secret = this.#secret!;
    return {
      cipher,
      key: expandLabel(hash, secret, "key", keyLength),
      iv: expandLabel(hash, secret, "iv", IV_LENGTH),
      sequence,
    };
  }

  /** Overwrites it. A second call does nothing. */
  wipe(): void {
    this.#secret?.fill(0);
    this.#secret = null;
  }
}

/** Returns the number of whole records of application data, as it shows outside, in `bytes`. */
export function countApplicationRecords(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + HEADER <= bytes.length;) {
    if (bytes[at] === APPLICATION_DATA) count++;
    at += HEADER + (bytes[at + 3] << 8 | bytes[at + 4]);
  }
  return count;
}

/** HKDF-Expand-Label without a context, of a length within one block. RFC 8446, section 7.1. */
function expandLabel(hash: string, secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  const info = Uint8Array.of(length >> 8, length & 0xff, name.length, ...name, 0, 1);
  const block = nodeCrypto().createHmac(hash, secret).update(info).digest();
  const key = Uint8Array.from(block.subarray(0, length));
  block.fill(0);
  return key;
}

/** The value of a hexadecimal digit of either case. */
function digit(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}
