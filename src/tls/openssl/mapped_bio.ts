// SPDX-License-Identifier: MIT
/**
 * A memory BIO over memory of JavaScript's. A memory BIO of OpenSSL's own copies what it is given,
 * clears the room before, and copies it again when it is asked for; here ciphertext lies where the
 * socket's calls read and write it. See BIO_set_mem_buf(3) and `struct buf_mem_st` in buffer.h.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import type { OpenSSL } from "./library.ts";
import { BIO_C_SET_BUF_MEM, BIO_CTRL_INFO, BIO_NOCLOSE } from "./numbers.ts";

/** `struct buf_mem_st`: size_t length, char *data, size_t max, unsigned long flags. */
const STRUCT_BYTES = 32;
// Words of 32 bits; the upper half of each size is zero.
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
  /** The BUF_MEM. Both it and `bytes` must stay where they are: neither is on the heap. */
  readonly #words = new Uint32Array(new ArrayBuffer(STRUCT_BYTES));

  /** @param size most bytes that it ever holds: OpenSSL must never try to make it larger */
  constructor(openssl: OpenSSL, size: number) {
    const { crypto, cryptoBytes } = openssl;
    this.#openssl = openssl;
    this.bytes = new Uint8Array(new ArrayBuffer(size));
    this.pointer = crypto.BIO_new(crypto.BIO_s_mem());
    const words = this.#words;
    // A BIO over constant memory is asked for the address of that.
    const over = cryptoBytes.BIO_new_mem_buf(this.bytes, size);
    cryptoBytes.BIO_ctrl(over, BIO_CTRL_INFO, 0, words.subarray(DATA));
    crypto.BIO_free(over);
    words[MAX] = size;
    this.fill(0);
  }

  /** How many bytes OpenSSL has written since the last `fill`. */
  get written(): number {
    return this.#words[LENGTH];
  }

  /** How many bytes OpenSSL has not read. */
  get unread(): number {
    return this.#openssl.crypto.BIO_ctrl_pending(this.pointer);
  }

  /** Its first `length` bytes are what lies in it from now on. */
  fill(length: number): void {
    this.#words[LENGTH] = length;
    this.#openssl.cryptoBytes.BIO_ctrl(this.pointer, BIO_C_SET_BUF_MEM, BIO_NOCLOSE, this.#words);
  }
}
