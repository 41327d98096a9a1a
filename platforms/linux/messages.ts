// SPDX-License-Identifier: MIT
/** Messages for recvmmsg(2) and sendmmsg(2), in one block of memory that points into itself. */
import {
  type ControlInfo,
  type ControlRequest,
  type Messages,
  type MessagesShape,
  NO_CONTROL,
  type SocketName,
} from "../contract/packets.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type { RawAddress } from "../contract/platform.ts";
import * as C from "./constants.ts";
import { controlSize, readControl, writeControl } from "./control.ts";
import type { Libc } from "./libc.ts";
import { IOVEC, MMSGHDR } from "./structs.ts";

/** Splits an address into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;
const NAME_WORDS = SOCKADDR_STORAGE_SIZE / 4;

/**
 * See {@linkcode Messages}. Sections: headers, one-element I/O vectors, names, control data, data.
 */
export class LinuxMessages implements Messages {
  readonly count: number;
  readonly size: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly lengths: Int32Array;
  readonly #libc: Libc;
  /** The same memory as bytes and as words. */
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #controlSize: number;
  readonly #iovecs: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #nameLengths: Int32Array;
  /** Length of each message's ancillary data to send, in bytes. */
  readonly #controlLengths: Int32Array;
  readonly #name: { words: Int32Array; at: number; length: number };

  constructor(libc: Libc, { count, size, fds }: MessagesShape) {
    this.#libc = libc;
    this.count = count;
    this.size = size;
    this.lengths = new Int32Array(count);
    this.#nameLengths = new Int32Array(count);
    this.#controlLengths = new Int32Array(count);
    this.#controlSize = controlSize(fds);
    this.#iovecs = count * MMSGHDR.words;
    this.#names = this.#iovecs + count * IOVEC.words;
    this.#controls = this.#names + count * NAME_WORDS;
    const data = this.#controls * 4 + count * this.#controlSize;
    const memory = new ArrayBuffer(data + count * size);
    this.#bytes = new Uint8Array(memory);
    this.#words = new Int32Array(memory, 0, data / 4);
    this.data = new Uint8Array(memory, data);
    this.#name = { words: this.#words, at: 0, length: 0 };
    this.#pointAll(libc.addressOf(this.#bytes), data);
  }

  receive(fd: number, count: number, capacity: number): number {
    const words = this.#words;
    for (let i = 0; i < count; i++) {
      const at = i * MMSGHDR.words;
      words[at + MMSGHDR.namelen] = SOCKADDR_STORAGE_SIZE;
      words[at + MMSGHDR.controllen] = this.#controlSize;
      words[this.#iovecs + i * IOVEC.words + IOVEC.length] = capacity;
    }
    const n = this.#libc.symbols.recvmmsg(fd, words, count, C.MSG_CMSG_CLOEXEC, null);
    if (n < 0) return -this.#libc.errno();
    for (let i = 0; i < n; i++) {
      const at = i * MMSGHDR.words;
      this.lengths[i] = words[at + MMSGHDR.length];
      this.#nameLengths[i] = words[at + MMSGHDR.namelen];
      this.#controlLengths[i] = 0;
    }
    return n;
  }

  send(fd: number, from: number, to: number, named: boolean): number {
    const words = this.#words;
    for (let i = from; i < to; i++) {
      const at = i * MMSGHDR.words;
      words[at + MMSGHDR.namelen] = named ? this.#nameLengths[i] : 0;
      words[at + MMSGHDR.controllen] = this.#controlLengths[i];
      words[this.#iovecs + i * IOVEC.words + IOVEC.length] = this.lengths[i];
    }
    const first = from === 0 ? words : words.subarray(from * MMSGHDR.words);
    const n = this.#libc.symbols.sendmmsg(fd, first, to - from, C.MSG_NOSIGNAL);
    return n >= 0 ? n : -this.#libc.errno();
  }

  sent(i: number): number {
    return this.#words[i * MMSGHDR.words + MMSGHDR.length];
  }

  truncated(i: number): boolean {
    return (this.#words[i * MMSGHDR.words + MMSGHDR.flags] & C.MSG_TRUNC) !== 0;
  }

  controlTruncated(i: number): boolean {
    return (this.#words[i * MMSGHDR.words + MMSGHDR.flags] & C.MSG_CTRUNC) !== 0;
  }

  name(i: number): SocketName {
    this.#name.at = this.#names + i * NAME_WORDS;
    this.#name.length = this.#nameLengths[i];
    return this.#name;
  }

  setName(i: number, address: RawAddress | null): void {
    this.#nameLengths[i] = address?.length ?? 0;
    if (address !== null) this.#bytes.set(address, (this.#names + i * NAME_WORDS) * 4);
  }

  control(i: number): ControlInfo {
    const start = this.#controls * 4 + i * this.#controlSize;
    const length = this.#words[i * MMSGHDR.words + MMSGHDR.controllen];
    if (length === 0) return NO_CONTROL;
    return readControl(this.#bytes.subarray(start, start + length));
  }

  setControl(i: number, request: ControlRequest | null): void {
    const start = this.#controls * 4 + i * this.#controlSize;
    this.#controlLengths[i] = request === null
      ? 0
      : writeControl(this.#bytes.subarray(start, start + this.#controlSize), request);
  }

  /** `data` is the offset of the data in bytes. */
  #pointAll(base: number, data: number): void {
    for (let i = 0; i < this.count; i++) {
      const header = i * MMSGHDR.words;
      const iovec = this.#iovecs + i * IOVEC.words;
      this.#point(header + MMSGHDR.name, base + (this.#names + i * NAME_WORDS) * 4);
      this.#point(header + MMSGHDR.iov, base + iovec * 4);
      this.#words[header + MMSGHDR.iovlen] = 1;
      this.#point(header + MMSGHDR.control, base + this.#controls * 4 + i * this.#controlSize);
      this.#point(iovec + IOVEC.base, base + data + i * this.size);
    }
  }

  #point(at: number, address: number): void {
    this.#words[at] = address % WORD;
    this.#words[at + 1] = Math.floor(address / WORD);
  }
}
