// SPDX-License-Identifier: MIT
/**
 * Kernel TLS: TLS records that the kernel makes of what a socket sends. No call throws: each
 * returns its result, or minus the errno.
 */

/** An AEAD of TLS 1.3, by the name of its cipher suite. RFC 8446, appendix B.4. */
export type AEAD =
  | "TLS_AES_128_GCM_SHA256"
  | "TLS_AES_256_GCM_SHA384"
  | "TLS_CHACHA20_POLY1305_SHA256";

/** A key that records are encrypted with. RFC 8446, section 7.3. */
export interface TrafficKey {
  readonly cipher: AEAD;
  /** 16 bytes with AES-128, otherwise 32. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly iv: Uint8Array;
  /** Sequence number of the next record: the number of records already sent under this key. */
  readonly sequence: number;
}

/** See the top of this file. */
export interface KernelTLSCalls {
  /** Whether the kernel has it. */
  available(): boolean;
  /** Attaches TLS to a connected TCP socket, which sends as before until it has a key. */
  attach(fd: number): number;
  /** From now on, the kernel encrypts what the socket sends, in records of application data. */
  setSendKey(fd: number, key: TrafficKey): number;
  /** Sends `content`, of at most 16 bytes, as one record of this type; the number of bytes. */
  sendRecord(fd: number, type: number, content: Uint8Array): number;
}
