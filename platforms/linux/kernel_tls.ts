// SPDX-License-Identifier: MIT
/**
 * Kernel TLS of Linux, 4.13 and later; TLS 1.3 since 5.1, ChaCha20-Poly1305 since 5.11. See
 * Documentation/networking/tls.rst and linux/tls.h of the kernel.
 */
import type { AEAD, KernelTLSCalls, TrafficKey } from "../contract/kernel_tls.ts";
import * as C from "./constants.ts";
import { ERRNO } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { CMSGHDR, IOVEC, MSGHDR } from "./structs.ts";

/** Splits an address or a number into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;
/** The name of the upper layer protocol: "tls". */
const ULP_NAME = new Uint8Array(new ArrayBuffer(4));
ULP_NAME.set(new TextEncoder().encode("tls"));

/**
 * A cipher's number, and the bytes of the IV that its `struct tls12_crypto_info_*` has as the salt,
 * behind the key.
 */
const CIPHERS: Readonly<Record<AEAD, { readonly type: number; readonly salt: number }>> = {
  TLS_AES_128_GCM_SHA256: { type: 51, salt: 4 },
  TLS_AES_256_GCM_SHA384: { type: 52, salt: 4 },
  TLS_CHACHA20_POLY1305_SHA256: { type: 54, salt: 0 },
};

/** Most bytes of a record of `sendRecord`. */
const MOST_CONTENT = 16;
/** Bytes of a control message whose data is one byte. */
const CONTROL_LENGTH = CMSGHDR.words * 4 + 1;

/** See the top of this file. */
export class LinuxKernelTLS implements KernelTLSCalls {
  readonly #libc: Libc;
  #available: boolean | null = null;
  // One message, whose parts point to each other: every use is over before the call returns.
  readonly #header = new Uint32Array(new ArrayBuffer(MSGHDR.words * 4));
  readonly #piece = new Uint32Array(new ArrayBuffer(IOVEC.words * 4));
  readonly #control = new Uint32Array(new ArrayBuffer(CMSGHDR.words * 4 + 8));
  readonly #content = new Uint8Array(new ArrayBuffer(MOST_CONTENT));

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** A kernel that has it refuses a socket that is not connected, by another errno. */
  available(): boolean {
    if (this.#available !== null) return this.#available;
    const { socket, close } = this.#libc.symbols;
    const fd = socket(C.AF_INET, C.SOCK_STREAM | C.SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    this.#available = this.attach(fd) === -ERRNO.ENOTCONN;
    close(fd);
    return this.#available;
  }

  attach(fd: number): number {
    const { setsockopt } = this.#libc.symbols;
    return this.#done(setsockopt(fd, C.IPPROTO_TCP, C.TCP_ULP, ULP_NAME, ULP_NAME.length));
  }

  setSendKey(fd: number, key: TrafficKey): number {
    const info = cryptoInfo(key);
    const { setsockopt } = this.#libc.symbols;
    const done = this.#done(setsockopt(fd, C.SOL_TLS, C.TLS_TX, info, info.length));
    info.fill(0);
    return done;
  }

  sendRecord(fd: number, type: number, content: Uint8Array): number {
    const { addressOf, symbols } = this.#libc;
    this.#content.set(content);
    point(this.#piece, IOVEC.base, addressOf(this.#content));
    this.#piece[IOVEC.length] = content.length;
    this.#control[CMSGHDR.length] = CONTROL_LENGTH;
    this.#control[CMSGHDR.level] = C.SOL_TLS;
    this.#control[CMSGHDR.type] = C.TLS_SET_RECORD_TYPE;
    this.#control[CMSGHDR.words] = type;
    point(this.#header, MSGHDR.iov, addressOf(this.#piece));
    this.#header[MSGHDR.iovlen] = 1;
    point(this.#header, MSGHDR.control, addressOf(this.#control));
    this.#header[MSGHDR.controllen] = this.#control.byteLength;
    return this.#done(symbols.sendmsg(fd, this.#header, C.MSG_NOSIGNAL));
  }

  #done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }
}

/** `struct tls12_crypto_info_*`, which serves TLS 1.3 too: IV, key, salt, sequence number. */
function cryptoInfo({ cipher, key, iv, sequence }: TrafficKey): Uint8Array<ArrayBuffer> {
  const { type, salt } = CIPHERS[cipher];
  const info = new Uint8Array(new ArrayBuffer(4 + iv.length + key.length + 8));
  const view = new DataView(info.buffer);
  // struct tls_crypto_info { __u16 version; __u16 cipher_type; }
  view.setUint16(0, C.TLS_1_3_VERSION, true);
  view.setUint16(2, type, true);
  info.set(iv.subarray(salt), 4);
  info.set(key, 4 + iv.length - salt);
  info.set(iv.subarray(0, salt), 4 + iv.length - salt + key.length);
  view.setUint32(info.length - 8, Math.floor(sequence / WORD));
  view.setUint32(info.length - 4, sequence % WORD);
  return info;
}

function point(words: Uint32Array, at: number, address: number): void {
  words[at] = address % WORD;
  words[at + 1] = Math.floor(address / WORD);
}
