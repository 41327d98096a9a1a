// SPDX-License-Identifier: MIT
/** Batches of datagrams, one call each: Windows has no batch call. */
import {
  type ControlInfo,
  type ControlRequest,
  type Messages,
  type MessagesShape,
  NO_CONTROL,
  type SocketName,
} from "../../contract/packets.ts";
import { SOCKADDR_STORAGE_SIZE } from "../../shared/sockaddr.ts";
import type { RawAddress } from "../../contract/platform.ts";
import { EOPNOTSUPP } from "../abi/errno.ts";

const NAME_WORDS = SOCKADDR_STORAGE_SIZE / 4;

/** Calls that transfer one datagram with ancillary data. */
export interface SingleDatagrams {
  /** Sender of the last `receiveFrom`. */
  readonly sender: SocketName & { readonly bytes: Uint8Array };
  /** Ancillary data of the last `receiveFrom`. */
  readonly control: ControlInfo;
  receiveFrom(fd: number, buffer: Uint8Array, length: number): number;
  sendTo(
    fd: number,
    buffer: Uint8Array,
    length: number,
    address: RawAddress | null,
    control: ControlRequest | null,
  ): number;
}

/** See {@linkcode Messages}. */
export class WindowsMessages implements Messages {
  readonly count: number;
  readonly size: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly lengths: Int32Array;
  readonly #packets: SingleDatagrams;
  readonly #names: SocketName[];
  readonly #nameBytes: Uint8Array<ArrayBuffer>;
  readonly #truncated: boolean[];
  /** Ancillary data of each message. */
  readonly #infos: ControlInfo[];
  readonly #requests: (ControlRequest | null)[];

  constructor(packets: SingleDatagrams, { count, size }: MessagesShape) {
    this.#packets = packets;
    this.count = count;
    this.size = size;
    this.data = new Uint8Array(new ArrayBuffer(count * size));
    this.lengths = new Int32Array(count);
    const words = new Int32Array(new ArrayBuffer(count * SOCKADDR_STORAGE_SIZE));
    this.#nameBytes = new Uint8Array(words.buffer);
    this.#names = Array.from(
      { length: count },
      (_, i) => ({ words, at: i * NAME_WORDS, length: 0 }),
    );
    this.#truncated = new Array(count).fill(false);
    this.#infos = new Array(count).fill(NO_CONTROL);
    this.#requests = new Array(count).fill(null);
  }

  receive(fd: number, count: number, capacity: number): number {
    const { sender } = this.#packets;
    for (let i = 0; i < count; i++) {
      const n = this.#packets.receiveFrom(fd, this.#bytes(i, capacity), capacity);
      if (n < 0) return i > 0 ? i : n;
      this.lengths[i] = Math.min(n, capacity);
      this.#truncated[i] = n > capacity;
      this.#infos[i] = this.#packets.control;
      this.#nameBytes.set(sender.bytes, i * SOCKADDR_STORAGE_SIZE);
      this.#names[i].length = sender.length;
    }
    return count;
  }

  send(fd: number, from: number, to: number, named: boolean): number {
    for (let i = from; i < to; i++) {
      const n = this.#sendOne(fd, i, named);
      if (n < 0) return i > from ? i - from : n;
    }
    return to - from;
  }

  sent(i: number): number {
    return this.lengths[i];
  }

  truncated(i: number): boolean {
    return this.#truncated[i];
  }

  controlTruncated(): boolean {
    return false;
  }

  name(i: number): SocketName {
    return this.#names[i];
  }

  setName(i: number, address: RawAddress | null): void {
    if (address !== null) this.#nameBytes.set(address, i * SOCKADDR_STORAGE_SIZE);
    this.#names[i].length = address?.length ?? 0;
  }

  control(i: number): ControlInfo {
    return this.#infos[i];
  }

  setControl(i: number, request: ControlRequest | null): void {
    this.#requests[i] = request;
  }

  #sendOne(fd: number, i: number, named: boolean): number {
    const request = this.#requests[i];
    // No segmentation and no descriptor passing here.
    if (request?.segmentSize || request?.fds?.length) return -EOPNOTSUPP;
    const length = this.lengths[i];
    const bytes = this.#bytes(i, length);
    const { length: nameLength } = this.#names[i];
    const at = i * SOCKADDR_STORAGE_SIZE;
    const name = this.#nameBytes.subarray(at, at + nameLength);
    const address = named && nameLength > 0 ? name : null;
    return this.#packets.sendTo(fd, bytes, length, address, request);
  }

  #bytes(i: number, length: number): Uint8Array {
    return this.data.subarray(i * this.size, i * this.size + length);
  }
}
