// SPDX-License-Identifier: MIT
/** Datagram sockets of a simulated host. */
import type {
  ControlInfo,
  ControlRequest,
  Messages,
  MessagesShape,
  MulticastCalls,
  PacketCalls,
  PacketOption,
  SocketName,
} from "../contract/packets.ts";
import { NO_CONTROL } from "../contract/packets.ts";
import type { Family, RawAddress } from "../contract/sockets.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import { viewOf } from "../shared/view.ts";
import { keyOf } from "./address.ts";
import { EAGAIN, EBADF, ENOBUFS, ENODEV, EOPNOTSUPP } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import type { MessageSocket, ReceivedMessage } from "./message.ts";
import { SimSocket } from "./sim_socket.ts";
import { UdpSocket } from "./udp_socket.ts";

/** Address of a socket in memory. */
class Name implements SocketName {
  readonly words = new Int32Array(SOCKADDR_STORAGE_SIZE / 4);
  readonly at = 0;
  length = 0;

  set(address: RawAddress): void {
    this.length = address.length;
    new Uint8Array(this.words.buffer).fill(0).set(address);
  }
}

/** Open files of one host. */
class Files {
  readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Returns the message socket of `fd`, or minus an errno. */
  messages(fd: number): (SimSocket & MessageSocket) | number {
    this.kernel.enter();
    const file = this.kernel.file(fd);
    if (file === undefined) return -EBADF;
    const knows = file instanceof SimSocket && "receiveMessage" in file;
    return knows ? file as SimSocket & MessageSocket : -EOPNOTSUPP;
  }

  /** Calls `f` with the message socket of `fd`. */
  on(name: string, fd: number, f: (socket: SimSocket & MessageSocket) => number): number {
    const socket = this.messages(fd);
    return this.kernel.called(name, fd, typeof socket === "number" ? socket : f(socket));
  }
}

/** See {@linkcode Messages}. */
class SimMessages implements Messages {
  readonly count: number;
  readonly size: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly lengths: Int32Array;
  readonly #files: Files;
  readonly #fds: number;
  readonly #sent: Int32Array;
  readonly #names: (RawAddress | null)[];
  readonly #requests: (ControlRequest | null)[];
  readonly #received: (ReceivedMessage | null)[];
  readonly #name = new Name();

  constructor(files: Files, { count, size, fds }: MessagesShape) {
    this.count = count;
    this.size = size;
    this.data = new Uint8Array(count * size);
    this.lengths = new Int32Array(count);
    this.#files = files;
    this.#fds = fds;
    this.#sent = new Int32Array(count);
    this.#names = new Array<RawAddress | null>(count).fill(null);
    this.#requests = new Array<ControlRequest | null>(count).fill(null);
    this.#received = new Array<ReceivedMessage | null>(count).fill(null);
  }

  receive(fd: number, count: number, capacity: number): number {
    return this.#files.on("recvmmsg", fd, (socket) => {
      for (let i = 0; i < count; i++) {
        const message = socket.receiveMessage(capacity, this.#fds);
        if (typeof message === "number") {
          if (i === 0) return message;
          if (message !== -EAGAIN) socket.keepError(-message);
          return i;
        }
        this.#received[i] = message;
        this.lengths[i] = message.data.length;
        this.data.set(message.data, i * this.size);
        // The end of a stream is reported once.
        if (message.data.length === 0 && socket.type !== "dgram") return i + 1;
      }
      return count;
    });
  }

  send(fd: number, from: number, to: number, named: boolean): number {
    return this.#files.on("sendmmsg", fd, (socket) => {
      for (let i = from; i < to; i++) {
        const start = i * this.size;
        if (this.#files.kernel.faults?.happens("buffers")) return i > from ? i - from : -ENOBUFS;
        const n = socket.sendMessage({
          data: this.data.subarray(start, start + this.lengths[i]),
          to: named ? this.#names[i] : null,
          control: this.#requests[i],
        });
        if (n < 0) return i > from ? i - from : n;
        this.#sent[i] = n;
      }
      return to - from;
    });
  }

  sent(i: number): number {
    return this.#sent[i];
  }

  truncated(i: number): boolean {
    const message = this.#received[i];
    return message !== null && message.data.length < message.whole;
  }

  /** False: the receiver requests a number of descriptors, and never gets more. */
  controlTruncated(): boolean {
    return false;
  }

  name(i: number): SocketName {
    this.#name.set(this.#received[i]!.from);
    return this.#name;
  }

  setName(i: number, address: RawAddress | null): void {
    this.#names[i] = address;
  }

  control(i: number): ControlInfo {
    return this.#received[i]?.control ?? NO_CONTROL;
  }

  setControl(i: number, request: ControlRequest | null): void {
    this.#requests[i] = request;
  }
}

/** A host has a loopback interface and one to the network. */
const MOST_INTERFACES = 2;

/** See {@linkcode MulticastCalls}. A host has one interface to the network. */
class SimMulticast implements MulticastCalls {
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  join(fd: number, group: Uint8Array, index: number): number {
    return this.#member(fd, group, index, true);
  }

  leave(fd: number, group: Uint8Array, index: number): number {
    return this.#member(fd, group, index, false);
  }

  setInterface(fd: number, _family: Family, index: number): number {
    return this.#files.on("setsockopt", fd, () => index > MOST_INTERFACES ? -ENODEV : 0);
  }

  #member(fd: number, group: Uint8Array, index: number, on: boolean): number {
    return this.#files.on("setsockopt", fd, (socket) => {
      if (!(socket instanceof UdpSocket)) return -EOPNOTSUPP;
      if (index > MOST_INTERFACES) return -ENODEV;
      return socket.member(keyOf(group), on);
    });
  }
}

/** See {@linkcode PacketCalls}. */
export class SimPackets implements PacketCalls {
  readonly receivesMany = true;
  readonly sendsMany = true;
  readonly multicast: MulticastCalls;
  readonly #kernel: Kernel;
  readonly #files: Files;
  readonly #sender = new Name();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#files = new Files(kernel);
    this.multicast = new SimMulticast(this.#files);
  }

  get sender(): SocketName {
    return this.#sender;
  }

  socket(family: Family): number {
    this.#kernel.enter();
    const fd = this.#kernel.allocate(new UdpSocket(this.#kernel, family));
    return this.#kernel.called("socket", -1, fd);
  }

  setOption(fd: number, option: PacketOption, value: number): number {
    return this.#files.on("setsockopt", fd, (socket) => socket.setOption(option, value));
  }

  receive(fd: number, buffer: Uint8Array, length: number): number {
    return this.#receive("recv", fd, buffer, length);
  }

  nextLength(fd: number): number {
    const socket = this.#files.messages(fd);
    return typeof socket === "number" ? socket : socket.nextLength;
  }

  receiveFrom(fd: number, buffer: Uint8Array, length: number): number {
    return this.#receive("recvfrom", fd, buffer, length);
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const data = viewOf(buffer, 0, length);
    return this.#files.on(
      "send",
      fd,
      (socket) => socket.sendMessage({ data, to: null, control: null }),
    );
  }

  sendTo(fd: number, buffer: Uint8Array, length: number, address: RawAddress): number {
    const data = viewOf(buffer, 0, length);
    return this.#files.on(
      "sendto",
      fd,
      (socket) => socket.sendMessage({ data, to: address, control: null }),
    );
  }

  messages(shape: MessagesShape): Messages {
    return new SimMessages(this.#files, shape);
  }

  #receive(name: string, fd: number, buffer: Uint8Array, length: number): number {
    return this.#files.on(name, fd, (socket) => {
      const message = socket.receiveMessage(length, 0);
      if (typeof message === "number") return message;
      viewOf(buffer).set(message.data);
      this.#sender.set(message.from);
      return message.whole;
    });
  }
}
