// SPDX-License-Identifier: MIT
/** `sendmsg` with many pieces. See sendmsg(2) and `struct msghdr`. */
import type { SendVector } from "../contract/platform.ts";
import { MSG_NOSIGNAL } from "./constants.ts";
import type { Libc } from "./libc.ts";
import { IOVEC, MSGHDR } from "./structs.ts";

/** Far below IOV_MAX, which is 1024: small pieces are combined before they get here. */
const CAPACITY = 64;
/** Splits an address into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;

/** See {@linkcode SendVector}. */
export class LinuxSendVector implements SendVector {
  readonly capacity = CAPACITY;
  count = 0;
  readonly #libc: Libc;
  readonly #header = new Uint32Array(new ArrayBuffer(MSGHDR.words * 4));
  readonly #entries = new Uint32Array(new ArrayBuffer(CAPACITY * IOVEC.words * 4));

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#point(this.#header, MSGHDR.iov, libc.addressOf(this.#entries));
  }

  clear(): void {
    this.count = 0;
  }

  add(piece: Uint8Array, start: number, end: number): void {
    const at = this.count++ * IOVEC.words;
    this.#point(this.#entries, at + IOVEC.base, this.#libc.addressOf(piece) + start);
    this.#entries[at + IOVEC.length] = end - start;
  }

  send(fd: number): number {
    this.#header[MSGHDR.iovlen] = this.count;
    const n = this.#libc.symbols.sendmsg(fd, this.#header, MSG_NOSIGNAL);
    return n >= 0 ? n : -this.#libc.errno();
  }

  #point(words: Uint32Array, at: number, address: number): void {
    words[at] = address % WORD;
    words[at + 1] = Math.floor(address / WORD);
  }
}
