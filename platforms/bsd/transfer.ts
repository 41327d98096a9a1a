// SPDX-License-Identifier: MIT
/**
 * `sendmsg` with many pieces, and sendfile(2). No call on both systems resembles Linux's splice(2)
 * (FreeBSD 15's SO_SPLICE joins two sockets permanently): between sockets, bytes are read and
 * written, as in Go.
 */
import { ENOSYS } from "./constants.ts";
import type { SendVector, TransferCalls } from "../contract/platform.ts";
import type { BsdLibc } from "./libc.ts";
import { sendError } from "./send_error.ts";
import { IOVEC, MSGHDR } from "./structs.ts";
import type { BsdSystem } from "./system.ts";

/** Far below IOV_MAX, which is 1024: small pieces are combined before they get here. */
const CAPACITY = 64;
/** Splits an address into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;

/** See {@linkcode SendVector}. */
class BsdSendVector implements SendVector {
  readonly capacity = CAPACITY;
  count = 0;
  readonly #libc: BsdLibc;
  readonly #system: BsdSystem;
  readonly #header = new Uint32Array(new ArrayBuffer(MSGHDR.size));
  readonly #entries = new Uint32Array(new ArrayBuffer(CAPACITY * IOVEC.size));

  constructor(libc: BsdLibc, system: BsdSystem) {
    this.#libc = libc;
    this.#system = system;
    this.#point(this.#header, MSGHDR.iov, libc.addressOf(this.#entries));
  }

  clear(): void {
    this.count = 0;
  }

  add(piece: Uint8Array, start: number, end: number): void {
    const at = this.count++ * IOVEC.size;
    this.#point(this.#entries, at + IOVEC.base, this.#libc.addressOf(piece) + start);
    this.#entries[(at + IOVEC.length) / 4] = end - start;
  }

  send(fd: number): number {
    this.#header[MSGHDR.iovCount / 4] = this.count;
    const { MSG_NOSIGNAL } = this.#system.constants;
    const n = this.#libc.symbols.sendmsg(fd, this.#header, MSG_NOSIGNAL);
    return n >= 0 ? n : sendError(this.#system, this.#libc.errno());
  }

  #point(words: Uint32Array, byte: number, address: number): void {
    words[byte / 4] = address % WORD;
    words[byte / 4 + 1] = Math.floor(address / WORD);
  }
}

/** See {@linkcode TransferCalls}. */
export class BsdTransfers implements TransferCalls {
  readonly vector: SendVector;
  readonly #libc: BsdLibc;
  readonly #system: BsdSystem;
  /** `off_t`, written by the kernel; its upper half stays zero. */
  readonly #sent = new Int32Array(new ArrayBuffer(8));

  constructor(libc: BsdLibc, system: BsdSystem) {
    this.#libc = libc;
    this.#system = system;
    this.vector = new BsdSendVector(libc, system);
  }

  /**
   * The call fails with EAGAIN or EINTR even if some or all bytes were sent: then their number is
   * the result. With another errno the count may be the requested length, if a sandbox refused the
   * call. A length of zero would mean "to the end".
   */
  sendFile(to: number, from: number, offset: number, length: number): number {
    if (length === 0) return 0;
    const sent = this.#sent;
    if (this.#libc.sendfile(to, from, offset, length, sent) >= 0) return sent[0];
    const errno = this.#libc.errno();
    const { EAGAIN, EINTR } = this.#system.errno;
    const stopped = errno === EAGAIN || errno === EINTR;
    return stopped && sent[0] > 0 ? sent[0] : sendError(this.#system, errno);
  }

  splice(): number {
    return -ENOSYS;
  }

  pipe(): number {
    return -ENOSYS;
  }
}
