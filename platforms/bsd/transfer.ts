// SPDX-License-Identifier: MIT
/**
 * Many pieces in one `sendmsg`. Of the ways of moving bytes within the kernel these systems have no
 * splice(2), and their sendfile(2) wants a 64-bit offset by value, which no call here passes: both
 * answer ENOSYS, and the bytes are read and written.
 */
import type { SendVector, TransferCalls } from "../types.ts";
import type { BsdLibc } from "./libc.ts";
import { IOVEC, MSGHDR } from "./structs.ts";
import type { BsdSystem } from "./system.ts";

/** Far below IOV_MAX, which is 1024: small pieces are put together before they come here. */
const CAPACITY = 64;
/** An address as two 32-bit words, which takes no BigInt. */
const WORD = 2 ** 32;
const ENOSYS = 78;

/** See {@linkcode SendVector}. */
class BsdSendVector implements SendVector {
  readonly capacity = CAPACITY;
  count = 0;
  readonly #libc: BsdLibc;
  readonly #flags: number;
  readonly #header = new Uint32Array(new ArrayBuffer(MSGHDR.size));
  readonly #entries = new Uint32Array(new ArrayBuffer(CAPACITY * IOVEC.size));

  constructor(libc: BsdLibc, flags: number) {
    this.#libc = libc;
    this.#flags = flags;
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
    const n = this.#libc.symbols.sendmsg(fd, this.#header, this.#flags);
    return n >= 0 ? n : -this.#libc.errno();
  }

  #point(words: Uint32Array, byte: number, address: number): void {
    words[byte / 4] = address % WORD;
    words[byte / 4 + 1] = Math.floor(address / WORD);
  }
}

/** See {@linkcode TransferCalls}. */
export class BsdTransfers implements TransferCalls {
  readonly vector: SendVector;

  constructor(libc: BsdLibc, system: BsdSystem) {
    this.vector = new BsdSendVector(libc, system.constants.MSG_NOSIGNAL);
  }

  sendFile(): number {
    return -ENOSYS;
  }

  splice(): number {
    return -ENOSYS;
  }

  pipe(): number {
    return -ENOSYS;
  }
}
