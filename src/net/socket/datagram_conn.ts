// SPDX-License-Identifier: MIT
/** What the datagram sockets of UDP and of Unix have in common. Go: net/udpsock.go, net/unixsock.go. */
import { countRead, countWritten } from "../../fd/counters.ts";
import { platform } from "../../../platforms/platform.ts";
import type { SocketName } from "../../../platforms/contract/packets.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { receiving, sending } from "../../fd/datagram.ts";
import { checkBytes, lengthNow, lengthOf } from "../../fd/check_bytes.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { DISOWN } from "../../sched/ownership.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Addr } from "../addr/addr.ts";
import { type Deadline, toMonotonic } from "../deadline.ts";
import { AddrError } from "../addr/errors.ts";
import { OpError } from "../errors.ts";
import type { NetFD } from "./net_fd.ts";
import { type Datagram, type PacketConn, WriteToConnectedError } from "./packet_conn.ts";
import { readyCase } from "./select_cases.ts";
import { bufferSize } from "./stream_conn.ts";
import { showAs } from "../../validate/one_line.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

/** What the error of a canceled write says: a datagram goes as a whole or not at all. */
const UNSENT = { bytesWritten: 0 };

/** A socket of datagrams over a descriptor. See {@linkcode PacketConn}. */
export abstract class DatagramConn<A extends Addr> implements PacketConn<A> {
  static {
    showAs(
      DatagramConn.prototype,
      ({ netFD }) => `PacketConn(${netFD.describe()}${netFD.closed ? ", closed" : ""})`,
    );
  }

  /** @internal */
  protected readonly netFD: NetFD<A>;
  /** Made once, for calls that allocate nothing: see src/fd/datagram.ts. */
  readonly #receive: (p: Uint8Array) => number;
  readonly #receiveFrom: (p: Uint8Array) => number;
  readonly #send: (p: Uint8Array) => number;
  readonly #sendTo: (p: Uint8Array, address: RawAddress) => number;
  readonly #sender: SocketName;

  /** @internal */
  constructor(fd: NetFD<A>) {
    const calls = platform().packets;
    const { sysfd } = fd;
    this.netFD = fd;
    this.#sender = calls.sender;
    // A buffer may have lost its memory while the call waited.
    this.#receive = (p) => countRead(calls.receive(sysfd, p, lengthNow("read", p)));
    this.#receiveFrom = (p) => countRead(calls.receiveFrom(sysfd, p, lengthNow("read", p)));
    this.#send = (p) => countWritten(calls.send(sysfd, p, lengthNow("write", p)));
    this.#sendTo = (p, address) =>
      countWritten(calls.sendTo(sysfd, p, lengthNow("write", p), address));
  }

  /**
   * The address that the kernel wrote.
   *
   * @internal
   */
  protected abstract nameAddr(name: SocketName): A;

  /**
   * The address for the kernel, if it is permitted. Throws AddrError for one that is none.
   *
   * @internal
   */
  protected abstract encode(addr: A): RawAddress;

  /**
   * What this end is if the kernel would not name it.
   *
   * @internal
   */
  protected abstract get nowhere(): A;

  /** See {@linkcode PacketConn.readFrom}. */
  readFrom(p: Uint8Array, cancel?: Cancel): Routine<Datagram<A>> {
    checkBytes("read", p);
    return this.netFD.cancellable("read", this.#readFrom(p), cancel);
  }

  *#readFrom(p: Uint8Array): Routine<Datagram<A>> {
    const n = yield* receiving(this.netFD, "recvfrom", this.#receiveFrom, p, undefined);
    const addr = this.nameAddr(this.#sender);
    const length = lengthOf(p);
    const truncated = n > length;
    return { n: truncated ? length : n, addr, truncated };
  }

  /** See {@linkcode PacketConn.writeTo}. */
  writeTo(p: Uint8Array, addr: A, cancel?: Cancel): Routine<number> {
    checkBytes("write", p);
    return this.netFD.cancellable("write", this.#writeTo(p, addr), cancel, UNSENT);
  }

  *#writeTo(p: Uint8Array, addr: A): Routine<number> {
    try {
      const address = this.destination(addr);
      return yield* sending(this.netFD, "sendto", this.#sendTo, p, address, this.deaf);
    } catch (error) {
      throw this.addressed(error, addr);
    }
  }

  /** See {@linkcode PacketConn.read}. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number> {
    checkBytes("read", p);
    return this.netFD.cancellable("read", this.#read(p), cancel);
  }

  *#read(p: Uint8Array): Routine<number> {
    if (lengthOf(p) === 0) return 0;
    const n = yield* receiving(this.netFD, "recv", this.#receive, p, undefined);
    return Math.min(n, lengthOf(p));
  }

  /** See {@linkcode PacketConn.write}. */
  write(p: Uint8Array, cancel?: Cancel): Routine<number> {
    checkBytes("write", p);
    const call = sending(this.netFD, "send", this.#send, p, undefined);
    return this.netFD.cancellable("write", call, cancel, UNSENT);
  }

  /** See {@linkcode PacketConn.readable}. */
  readable(cancel?: Cancel): Routine<void> {
    return this.netFD.cancellable("read", this.netFD.readable(), cancel);
  }

  /** See {@linkcode PacketConn.onReadable}. */
  onReadable(): SelectCase<{ value: undefined; ok: true }> {
    return readyCase(this.netFD, "read");
  }

  /** See {@linkcode PacketConn.onWritable}. */
  onWritable(): SelectCase<{ value: undefined; ok: true }> {
    return readyCase(this.netFD, "write");
  }

  /** See {@linkcode PacketConn.close}. */
  close(): void {
    this.netFD.close();
  }

  /** See {@linkcode PacketConn.detach}. */
  detach(): number {
    return this.netFD.detach();
  }

  /** See {@linkcode PacketConn.localAddr}. */
  get localAddr(): A {
    return this.netFD.localAddr ?? this.nowhere;
  }

  /** See {@linkcode PacketConn.remoteAddr}. */
  get remoteAddr(): A | null {
    return this.netFD.remoteAddr;
  }

  /** See {@linkcode PacketConn.fd}. */
  get fd(): number {
    return this.netFD.closed ? -1 : this.netFD.sysfd;
  }

  /** See {@linkcode PacketConn.setDeadline}. */
  setDeadline(at: Deadline): void {
    const monotonic = toMonotonic(at);
    this.netFD.setReadDeadline(monotonic);
    this.netFD.setWriteDeadline(monotonic);
  }

  /** See {@linkcode PacketConn.setReadDeadline}. */
  setReadDeadline(at: Deadline): void {
    this.netFD.setReadDeadline(toMonotonic(at));
  }

  /** See {@linkcode PacketConn.setWriteDeadline}. */
  setWriteDeadline(at: Deadline): void {
    this.netFD.setWriteDeadline(toMonotonic(at));
  }

  /** See {@linkcode PacketConn.setReadBuffer}. */
  setReadBuffer(bytes: number): void {
    this.netFD.setOption("SO_RCVBUF", bufferSize(bytes), true);
  }

  /** See {@linkcode PacketConn.setWriteBuffer}. */
  setWriteBuffer(bytes: number): void {
    this.netFD.setOption("SO_SNDBUF", bufferSize(bytes), true);
  }

  /** Closes it unless it is closed. */
  [Symbol.dispose](): void {
    this.netFD.closeQuietly();
  }

  /** @internal */
  [DISOWN](): void {
    this.netFD.disown();
  }

  /**
   * Whether the poller's events do not tell that there is room for another datagram.
   *
   * @internal
   */
  protected get deaf(): boolean {
    return false;
  }

  /**
   * Where a datagram goes that is not for the other end of a connected socket.
   *
   * @internal
   */
  protected destination(addr: A): RawAddress {
    if (this.netFD.remoteAddr !== null) throw new WriteToConnectedError();
    return this.encode(addr);
  }

  /**
   * The error of a write to `addr`; one that is no error of the network, as of a permission, stays.
   *
   * @internal
   */
  protected addressed(error: unknown, addr: A): unknown {
    const ours = error instanceof AddrError || error instanceof WriteToConnectedError;
    const cause = error instanceof OpError ? error.cause : ours ? error : null;
    if (cause === null) return error;
    return new OpError("write", this.netFD.net, this.netFD.localAddr, addr, cause);
  }
}

notesCalls(DatagramConn.prototype, "conn", "readFrom", "writeTo", "read", "write", "readable");
