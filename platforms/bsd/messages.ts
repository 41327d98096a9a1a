// SPDX-License-Identifier: MIT
/**
 * Messages for recvmsg(2) and sendmsg(2), in one block of memory that points into itself. macOS
 * cannot transfer several in one call, so each is a call of its own.
 */
import { MSG_CTRUNC, MSG_TRUNC } from "./constants.ts";
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
import { Control } from "./control.ts";
import { closeOnExec } from "./fd_flags.ts";
import type { BsdLibc } from "./libc.ts";
import { IOVEC, MSGHDR } from "./structs.ts";
import type { BsdSystem } from "./system.ts";

/** Splits an address into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;
const HEADER = MSGHDR.size / 4;
const NAME = SOCKADDR_STORAGE_SIZE / 4;
const PIECE = IOVEC.size / 4;

/**
 * See {@linkcode Messages}. Sections: headers, one-element I/O vectors, names, control data, data.
 */
export class BsdMessages implements Messages {
  readonly count: number;
  readonly size: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly lengths: Int32Array;
  readonly #libc: BsdLibc;
  readonly #sendFlags: number;
  readonly #control: Control;
  /** The same memory as bytes and as words. */
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #controlSize: number;
  readonly #pieces: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #nameLengths: Int32Array;
  /** Length of each message's ancillary data to send, in bytes. */
  readonly #controlLengths: Int32Array;
  readonly #sent: Int32Array;
  readonly #name: { words: Int32Array; at: number; length: number };

  constructor(libc: BsdLibc, system: BsdSystem, { count, size, fds }: MessagesShape) {
    this.#libc = libc;
    this.#sendFlags = system.constants.MSG_NOSIGNAL;
    this.#control = new Control(system.message);
    this.count = count;
    this.size = size;
    this.lengths = new Int32Array(count);
    this.#nameLengths = new Int32Array(count);
    this.#controlLengths = new Int32Array(count);
    this.#sent = new Int32Array(count);
    this.#controlSize = this.#control.size(fds > 0);
    this.#pieces = count * HEADER;
    this.#names = this.#pieces + count * PIECE;
    this.#controls = this.#names + count * NAME;
    const data = this.#controls * 4 + count * this.#controlSize;
    const memory = new ArrayBuffer(data + count * size);
    this.#bytes = new Uint8Array(memory);
    this.#words = new Int32Array(memory, 0, data / 4);
    this.data = new Uint8Array(memory, data);
    this.#name = { words: this.#words, at: 0, length: 0 };
    this.#pointAll(libc.addressOf(this.#bytes), data);
  }

  receive(fd: number, count: number, capacity: number): number {
    for (let i = 0; i < count; i++) {
      const n = this.#receiveOne(fd, i, capacity);
      if (n < 0) return i > 0 ? i : n;
      this.lengths[i] = n;
      this.#nameLengths[i] = this.#words[i * HEADER + MSGHDR.nameLength / 4];
      this.#controlLengths[i] = 0;
      // No MSG_CMSG_CLOEXEC here, so set it on each passed descriptor.
      for (const passed of this.control(i).fds) closeOnExec(this.#libc, passed);
    }
    return count;
  }

  send(fd: number, from: number, to: number, named: boolean): number {
    for (let i = from; i < to; i++) {
      const at = i * HEADER;
      this.#words[at + MSGHDR.nameLength / 4] = named ? this.#nameLengths[i] : 0;
      this.#words[at + MSGHDR.controlLength / 4] = this.#controlLengths[i];
      this.#words[this.#pieces + i * PIECE + IOVEC.length / 4] = this.lengths[i];
      const n = this.#libc.symbols.sendmsg(fd, this.#header(i), this.#sendFlags);
      if (n < 0) return i > from ? i - from : -this.#libc.errno();
      this.#sent[i] = n;
    }
    return to - from;
  }

  sent(i: number): number {
    return this.#sent[i];
  }

  truncated(i: number): boolean {
    return (this.#words[i * HEADER + MSGHDR.flags / 4] & MSG_TRUNC) !== 0;
  }

  controlTruncated(i: number): boolean {
    return (this.#words[i * HEADER + MSGHDR.flags / 4] & MSG_CTRUNC) !== 0;
  }

  name(i: number): SocketName {
    this.#name.at = this.#names + i * NAME;
    this.#name.length = this.#nameLengths[i];
    return this.#name;
  }

  setName(i: number, address: RawAddress | null): void {
    this.#nameLengths[i] = address?.length ?? 0;
    if (address !== null) this.#bytes.set(address, (this.#names + i * NAME) * 4);
  }

  control(i: number): ControlInfo {
    const length = this.#words[i * HEADER + MSGHDR.controlLength / 4];
    return length === 0 ? NO_CONTROL : this.#control.read(this.#controlOf(i, length));
  }

  setControl(i: number, request: ControlRequest | null): void {
    this.#controlLengths[i] = request === null
      ? 0
      : this.#control.write(this.#controlOf(i, this.#controlSize), request);
  }

  #receiveOne(fd: number, i: number, capacity: number): number {
    const at = i * HEADER;
    this.#words[at + MSGHDR.nameLength / 4] = SOCKADDR_STORAGE_SIZE;
    this.#words[at + MSGHDR.controlLength / 4] = this.#controlSize;
    this.#words[this.#pieces + i * PIECE + IOVEC.length / 4] = capacity;
    const n = this.#libc.symbols.recvmsg(fd, this.#header(i), 0);
    return n >= 0 ? n : -this.#libc.errno();
  }

  #header(i: number): Int32Array {
    return i === 0 ? this.#words : this.#words.subarray(i * HEADER);
  }

  #controlOf(i: number, length: number): Uint8Array {
    const start = this.#controls * 4 + i * this.#controlSize;
    return this.#bytes.subarray(start, start + length);
  }

  /** `data` is the offset of the data in bytes. */
  #pointAll(base: number, data: number): void {
    for (let i = 0; i < this.count; i++) {
      const header = i * HEADER;
      const piece = this.#pieces + i * PIECE;
      this.#point(header + MSGHDR.name / 4, base + (this.#names + i * NAME) * 4);
      this.#point(header + MSGHDR.iov / 4, base + piece * 4);
      this.#words[header + MSGHDR.iovCount / 4] = 1;
      this.#point(
        header + MSGHDR.control / 4,
        base + this.#controls * 4 + i * this.#controlSize,
      );
      this.#point(piece + IOVEC.base / 4, base + data + i * this.size);
    }
  }

  #point(at: number, address: number): void {
    this.#words[at] = address % WORD;
    this.#words[at + 1] = Math.floor(address / WORD);
  }
}
