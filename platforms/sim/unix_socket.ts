// SPDX-License-Identifier: MIT
/**
 * Unix sockets of a simulated host. Nothing is lost or delayed: data reaches the peer at once. See
 * unix(7).
 */
import { NO_CONTROL, type UnixType } from "../contract/packets.ts";
import type { RawAddress, ShutdownHow } from "../contract/sockets.ts";
import { SOCKADDR } from "../linux/structs.ts";
import { viewOf } from "../shared/view.ts";
import * as E from "./errno.ts";
import { Fifo } from "./fifo.ts";
import type { Kernel, OpenFile } from "./kernel.ts";
import type { MessageSocket, OutgoingMessage, ReceivedMessage } from "./message.ts";
import { modeOf } from "./poller.ts";
import { SimSocket, type SocketOption } from "./sim_socket.ts";

/** Linux's net.core.wmem_default: maximum number of unread bytes sent by one socket. */
const BUFFER = 212_992;
/** Linux's net.unix.max_dgram_qlen. */
const MOST_DATAGRAMS = 10;
/** Linux's net.core.somaxconn. */
const MOST_BACKLOG = 4096;
const TYPE_NUMBERS: Readonly<Record<UnixType, number>> = { stream: 1, dgram: 2, seqpacket: 5 };

/** A queued message. */
interface Waiting {
  data: Uint8Array;
  readonly from: RawAddress;
  /** Passed descriptors, until they are received. */
  files: readonly OpenFile[];
}

const NO_NAME = SOCKADDR.encodeName(new Uint8Array(0));

/** Returns the key of a name in the kernel's table, or null for none. */
function keyOf(address: Uint8Array): string | null {
  const name = SOCKADDR.decodeName(address);
  return name.length === 0 ? null : String.fromCharCode(...name);
}

/** See the top of this file. */
export class UnixSocket extends SimSocket implements MessageSocket {
  readonly domain = "unix";
  readonly type: UnixType;
  #address: RawAddress = NO_NAME;
  #name: string | null = null;
  #peer: UnixSocket | null = null;
  #peerAddress: RawAddress = NO_NAME;
  #listening = false;
  #backlog = 0;
  readonly #accepts = new Fifo<UnixSocket>();
  readonly #queue = new Fifo<Waiting>();
  #queued = 0;
  #connected = false;
  #closed = false;
  #readShut = false;
  #writeShut = false;
  /** Whether the peer has ended its stream. */
  #ended = false;
  /** Sockets whose writes wait for room here. */
  readonly #blocked = new Set<UnixSocket>();

  constructor(station: Kernel, type: UnixType) {
    super(station);
    this.type = type;
  }

  override get listening(): boolean {
    return this.#listening;
  }

  get localAddress(): RawAddress {
    return this.#address;
  }

  get remoteAddress(): RawAddress | number {
    return this.#connected ? this.#peerAddress : -E.ENOTCONN;
  }

  override get peerName(): RawAddress {
    return this.#peerAddress;
  }

  get mode(): number {
    if (this.#listening) return modeOf(this.#accepts.length > 0, false, false, false);
    if (this.type !== "dgram" && !this.#connected) return modeOf(false, true, true, false);
    const hangup = this.#ended || this.#readShut;
    const readable = this.#queue.length > 0 || hangup;
    const writable = this.type === "dgram" || this.#writeShut || this.#peer === null ||
      this.#peer.#hasRoom(this);
    return modeOf(readable, writable, hangup, this.error !== 0);
  }

  get nextLength(): number {
    return this.#queue.first?.data.length ?? this.#whenEmpty();
  }

  bind(address: RawAddress): number {
    if (this.#name !== null) return -E.EINVAL;
    const { unixNames } = this.station;
    const name = keyOf(address) ?? unixNames.unusedName();
    const done = unixNames.bind(name, this);
    if (done < 0) return done;
    this.#name = name;
    this.#address = SOCKADDR.encodeName(Uint8Array.from(name, (c) => c.charCodeAt(0)));
    return 0;
  }

  override listen(backlog: number): number {
    if (this.type === "dgram") return -E.EOPNOTSUPP;
    if (this.#name === null || this.#connected) return -E.EINVAL;
    this.#listening = true;
    this.#backlog = Math.max(0, Math.min(backlog, MOST_BACKLOG));
    return 0;
  }

  connect(address: RawAddress): number {
    if (this.type !== "dgram" && this.#connected) return -E.EISCONN;
    const target = this.#find(address);
    if (typeof target === "number") return target;
    if (this.type === "dgram") {
      this.#pairWith(target, target.#address);
      return 0;
    }
    if (!target.#listening) return -E.ECONNREFUSED;
    if (target.#accepts.length > target.#backlog) return -E.EAGAIN;
    const other = new UnixSocket(this.station, this.type);
    other.#address = target.#address;
    other.#pairWith(this, this.#address);
    this.#pairWith(other, target.#address);
    target.#accepts.push(other);
    target.wake();
    return 0;
  }

  override accept(): UnixSocket | number {
    if (!this.#listening) return -E.EINVAL;
    return this.#accepts.first ?? -E.EAGAIN;
  }

  override accepted(): void {
    this.#accepts.shift();
  }

  recv(buffer: Uint8Array, length: number): number {
    let count = 0;
    while (count < length || length === 0) {
      const message = this.receiveMessage(length - count, 0);
      if (typeof message === "number") return count > 0 ? count : message;
      viewOf(buffer).set(message.data, count);
      count += message.data.length;
      if (this.type !== "stream" || message.data.length === 0) return count;
      if (this.#queue.length === 0 || this.#queue.first!.files.length > 0) return count;
    }
    return count;
  }

  send(buffer: Uint8Array, length: number): number {
    return this.sendMessage({ data: viewOf(buffer, 0, length), to: null, control: null });
  }

  receiveMessage(capacity: number, fds: number): ReceivedMessage | number {
    const waiting = this.#queue.first;
    if (waiting === undefined) {
      const empty = this.#whenEmpty();
      return empty < 0 ? empty : { ...END, from: this.#peerAddress };
    }
    const { data, from, files } = waiting;
    const part = data.subarray(0, capacity);
    const rest = this.type === "stream" ? data.length - part.length : 0;
    waiting.files = [];
    if (rest > 0) waiting.data = data.subarray(part.length);
    else this.#queue.shift();
    this.#queued -= data.length - rest;
    this.#unblock();
    const control = files.length === 0
      ? NO_CONTROL
      : { ...NO_CONTROL, fds: this.#receive(files, fds) };
    return { data: part, whole: this.type === "stream" ? part.length : data.length, from, control };
  }

  sendMessage({ data, to, control }: OutgoingMessage): number {
    if (this.error !== 0) return -this.takeError();
    if (this.#writeShut) return -E.EPIPE;
    const target = to === null || this.type !== "dgram" ? this.#peer : this.#find(to);
    if (target === null) return this.#withoutPeer();
    if (typeof target === "number") return target;
    if (target.#closed) return this.type === "dgram" ? -E.ECONNREFUSED : -E.EPIPE;
    if (target.#readShut) return -E.EPIPE;
    if (this.type !== "stream" && data.length > BUFFER) return -E.EMSGSIZE;
    if (!target.#hasRoom(this)) {
      target.#blocked.add(this);
      return -E.EAGAIN;
    }
    const room = this.type === "stream" ? BUFFER - target.#queued : data.length;
    const taken = data.slice(0, room);
    const files = this.#filesOf(control?.fds ?? []);
    if (typeof files === "number") return files;
    target.#take({ data: taken, from: this.#address, files });
    return taken.length;
  }

  shutdown(how: ShutdownHow): number {
    if (!this.#connected) return -E.ENOTCONN;
    const peer = this.#peer;
    if (how === "read") this.#readShut = true;
    else {
      this.#writeShut = true;
      if (peer !== null && this.type !== "dgram") peer.#end(0);
    }
    this.wake();
    return 0;
  }

  closed(): void {
    this.#closed = true;
    this.station.unixNames.closed(this.#name, this);
    const peer = this.#peer;
    if (peer !== null && this.type !== "dgram") {
      peer.#end(this.#queue.length > 0 ? E.ECONNRESET : 0);
      peer.#peer = null;
    }
    for (const one of this.#accepts) one.closed();
    for (const { files } of this.#queue) for (const file of files) release(file);
    this.#queue.clear();
    this.#unblock();
  }

  override getOption(option: SocketOption): number {
    if (option === "SO_TYPE") return TYPE_NUMBERS[this.type];
    if (option === "SO_RCVBUF" || option === "SO_SNDBUF") return this.options.get(option) ?? BUFFER;
    return super.getOption(option);
  }

  override setOption(option: SocketOption, value: number): number {
    const doubled = option === "SO_RCVBUF" || option === "SO_SNDBUF";
    return super.setOption(option, doubled ? 2 * value : value);
  }

  #pairWith(peer: UnixSocket, address: RawAddress): void {
    this.#peer = peer;
    this.#peerAddress = address;
    this.#connected = true;
  }

  /** Returns the socket at an address, or minus an errno. */
  #find(address: RawAddress): UnixSocket | number {
    const name = keyOf(address);
    if (name === null) return -E.EINVAL;
    const found = this.station.unixNames.find(name);
    if (typeof found === "number") return found;
    if (!(found instanceof UnixSocket)) return -E.ECONNREFUSED;
    if (found.type === this.type) return found;
    // Abstract names are looked up by type.
    return name.startsWith("\0") ? -E.ECONNREFUSED : -E.EPROTOTYPE;
  }

  #whenEmpty(): number {
    if (this.error !== 0) return -this.takeError();
    if (this.#ended || this.#readShut) return 0;
    return this.type === "dgram" || this.#connected ? -E.EAGAIN : -E.EINVAL;
  }

  #withoutPeer(): number {
    return this.#connected ? -E.EPIPE : -E.ENOTCONN;
  }

  #hasRoom(from: UnixSocket): boolean {
    if (this.#closed) return true;
    if (this.type === "dgram") return this.#queue.length < MOST_DATAGRAMS || from === this;
    return this.#queued < BUFFER;
  }

  #take(waiting: Waiting): void {
    // A stream has no message boundaries: data without descriptors is joined when read.
    if (waiting.data.length === 0 && this.type === "stream") return;
    this.#queue.push(waiting);
    this.#queued += waiting.data.length;
    this.wake();
  }

  #unblock(): void {
    for (const one of this.#blocked) one.wake();
    this.#blocked.clear();
  }

  #end(error: number): void {
    this.#ended = true;
    this.error = error;
    this.wake();
  }

  #filesOf(fds: readonly number[]): readonly OpenFile[] | number {
    const files = fds.map((fd) => this.station.file(fd));
    if (files.includes(undefined)) return -E.EBADF;
    for (const file of files) file!.references++;
    return files as OpenFile[];
  }

  #receive(files: readonly OpenFile[], most: number): number[] {
    const fds: number[] = [];
    for (const file of files) {
      const fd = fds.length < most ? this.station.allocate(file) : -1;
      if (fd >= 0) fds.push(fd);
      release(file);
    }
    return fds;
  }
}

/** Result of reading at the end of a stream. */
const END = { data: new Uint8Array(0), whole: 0, control: NO_CONTROL };

/** Releases a file that a message held. */
function release(file: OpenFile): void {
  if (--file.references === 0) file.closed();
}
