// SPDX-License-Identifier: MIT
/**
 * A memory BIO over a JavaScript buffer. OpenSSL's own memory BIO copies its input, clears the room
 * before that, and copies again on reads; here the socket's calls read and write the BIO's memory
 * directly. See BIO_set_mem_buf(3) and `struct buf_mem_st` in buffer.h.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import type { OpenSSL } from "./library.ts";
import { BIO_C_SET_BUF_MEM, BIO_CTRL_INFO, BIO_NOCLOSE } from "./numbers.ts";

/** `struct buf_mem_st`: size_t length, char *data, size_t max, unsigned long flags. */
const STRUCT_BYTES = 32;
// 32-bit words; the upper half of each size is zero.
const LENGTH = 0;
const DATA = 2;
const MAX = 4;

/** See the top of this file. */
export class MappedBIO {
  /** The BIO, which is never freed. */
  readonly pointer: Pointer;
  /** Its memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #openssl: OpenSSL;
  /**
   * The BUF_MEM. Both it and `bytes` need stable addresses, so neither is on the garbage-collected
   * heap.
   */
  readonly #words = new Uint32Array(new ArrayBuffer(STRUCT_BYTES));

  /** @param size capacity in bytes: OpenSSL must never try to enlarge it */
  constructor(openssl: OpenSSL, size: number) {
    const { crypto, cryptoBytes } = openssl;
    this.#openssl = openssl;
    this.bytes = new Uint8Array(new ArrayBuffer(size));
    this.pointer = crypto.BIO_new(crypto.BIO_s_mem());
    const words = this.#words;
    // A BIO over constant memory reveals the address of that memory.
    const over = cryptoBytes.BIO_new_mem_buf(this.bytes, size);
    cryptoBytes.BIO_ctrl(over, BIO_CTRL_INFO, 0, words.subarray(DATA));
    crypto.BIO_free(over);
    words[MAX] = size;
    this.fill(0);
  }

  /** Number of bytes that OpenSSL has written since the last `fill`. */
  get written(): number {
    return this.#words[LENGTH];
  }

  /** Number of bytes that OpenSSL has not read. */
  get unread(): number {
    return this.#openssl.crypto.BIO_ctrl_pending(this.pointer);
  }

  /** Sets the BIO's content to the first `length` bytes of its memory. */
  fill(length: number): void {
    this.#words[LENGTH] = length;
    this.#openssl.cryptoBytes.BIO_ctrl(this.pointer, BIO_C_SET_BUF_MEM, BIO_NOCLOSE, this.#words);
  }
}
