// SPDX-License-Identifier: MIT
/** Base class of UDP and Unix datagram sockets. Go: net/udpsock.go, net/unixsock.go. */
import { countRead, countWritten } from "../../fd/counters.ts";
import { platform } from "../../../platforms/platform.ts";
import type { SocketName } from "../../../platforms/contract/packets.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { sending } from "../../fd/datagram.ts";
import {
  type DatagramSink,
  type DatagramSource,
  ReceiveOperation,
  SendOperation,
} from "../../fd/datagram_call.ts";
import { checkBytes, lengthNow, lengthOf } from "../../fd/check_bytes.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { DISOWN } from "../../sched/ownership.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Addr } from "../addr/addr.ts";
import { type Deadline, toMonotonic } from "../deadline.ts";
import { AddrError } from "../addr/errors.ts";
import { OpError } from "../errors.ts";
import { type DatagramReceiver, SingleReceiver } from "./datagram_receiver.ts";
import type { DatagramSender } from "./datagram_sender.ts";
import type { NetFD } from "./net_fd.ts";
import { type Datagram, type PacketConn, WriteToConnectedError } from "./packet_conn.ts";
import { readyCase } from "./select_cases.ts";
import { bufferSize } from "./stream_conn.ts";
import { showAs } from "../../validate/one_line.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

/** `bytesWritten` of a canceled write: a datagram is sent whole or not at all. */
const UNSENT = { bytesWritten: 0 };

/** Reads into an empty buffer: returns 0. */
// deno-lint-ignore require-yield
function* nothing(): Routine<number> {
  return 0;
}

/** Reads a datagram that a detached socket had read ahead. */
// deno-lint-ignore require-yield
function* left<R>(source: DatagramSource<R>, p: Uint8Array): Routine<R> {
  return source.result(source.receive(p), p);
}

/** As {@linkcode left}, without its sender. */
function* leftBytes(source: DatagramSource<{ n: number }>, p: Uint8Array): Routine<number> {
  return (yield* left(source, p)).n;
}

/** A datagram socket over a descriptor. See {@linkcode PacketConn}. */
export abstract class DatagramConn<A extends Addr> implements PacketConn<A> {
  static {
    showAs(
      DatagramConn.prototype,
      ({ netFD }) => `PacketConn(${netFD.describe()}${netFD.closed ? ", closed" : ""})`,
    );
  }

  /** @internal */
  protected readonly netFD: NetFD<A>;
  readonly #source: DatagramSource<Datagram<A>>;
  readonly #receiveFrom: ReceiveOperation<Datagram<A>>;
  readonly #receive: ReceiveOperation<number>;
  readonly #send: SendOperation<A>;
  readonly #sink: DatagramSink<A>;

  /** @internal */
  constructor(
    fd: NetFD<A>,
    receiver: DatagramReceiver = new SingleReceiver(fd.sysfd),
    sender: DatagramSender | null = null,
  ) {
    const calls = platform().packets;
    const { sysfd } = fd;
    this.netFD = fd;
    this.#source = {
      syscall: "recvfrom",
      receive: (p) => countRead(receiver.receiveFrom(p, lengthNow("read", p))),
      result: (n, p) => {
        const addr = this.nameAddr(receiver.sender);
        const length = lengthOf(p);
        const truncated = n > length;
        return { n: truncated ? length : n, addr, truncated };
      },
    };
    this.#receiveFrom = new ReceiveOperation(fd, this.#source);
    this.#receive = new ReceiveOperation(fd, {
      syscall: "recv",
      receive: (p) => countRead(receiver.receive(p, lengthNow("read", p))),
      result: (n, p) => Math.min(n, lengthOf(p)),
    });
    this.#sink = {
      send: sender === null
        ? (p, address) => {
          const length = lengthNow("write", p);
          return countWritten(
            address === null
              ? calls.send(sysfd, p, length)
              : calls.sendTo(sysfd, p, length, address),
          );
        }
        : (p, address) => countWritten(sender.send(p, lengthNow("write", p), address)),
      destination: (addr) => this.destination(addr),
      addressed: (error, addr) => this.addressed(error, addr),
    };
    this.#send = new SendOperation(fd, this.#sink);
  }

  /**
   * Decodes an address written by the kernel.
   *
   * @internal
   */
  protected abstract nameAddr(name: SocketName): A;

  /**
   * Encodes an address for the kernel, if it is permitted. Throws AddrError if it is invalid.
   *
   * @internal
   */
  protected abstract encode(addr: A): RawAddress;

  /**
   * Local address if the kernel reports none.
   *
   * @internal
   */
  protected abstract get nowhere(): A;

  /** See {@linkcode PacketConn.readFrom}. */
  readFrom(p: Uint8Array, cancel?: Cancel): Routine<Datagram<A>> {
    const length = checkBytes("read", p);
    const call = this.leftBehind
      ? left(this.#source, p)
      : this.#receiveFrom.forCall().call(p, length);
    return this.netFD.cancellable("read", call, cancel);
  }

  /** See {@linkcode PacketConn.writeTo}. */
  writeTo(p: Uint8Array, addr: A, cancel?: Cancel): Routine<number> {
    const length = checkBytes("write", p);
    const call = this.deaf ? this.#sendDeaf(p, addr) : this.#send.forCall().callTo(addr, p, length);
    return this.netFD.cancellable("write", call, cancel, UNSENT);
  }

  *#sendDeaf(p: Uint8Array, addr: A): Routine<number> {
    try {
      const address = this.destination(addr);
      return yield* sending(this.netFD, "sendto", this.#sink.send, p, address, true);
    } catch (error) {
      throw this.addressed(error, addr);
    }
  }

  /** See {@linkcode PacketConn.read}. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number> {
    const length = checkBytes("read", p);
    const call = length === 0
      ? nothing()
      : this.leftBehind
      ? leftBytes(this.#source, p)
      : this.#receive.forCall().call(p, length);
    return this.netFD.cancellable("read", call, cancel);
  }

  /** See {@linkcode PacketConn.write}. */
  write(p: Uint8Array, cancel?: Cancel): Routine<number> {
    const length = checkBytes("write", p);
    const call = this.#send.forCall().call(p, length);
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

  /** Closes the socket unless it is already closed. */
  [Symbol.dispose](): void {
    this.netFD.closeQuietly();
  }

  /** @internal */
  [DISOWN](): void {
    this.netFD.disown();
  }

  /**
   * Whether it was detached, and still has datagrams that it had read ahead.
   *
   * @internal
   */
  protected get leftBehind(): boolean {
    return this.netFD.closed && this.netFD.buffered;
  }

  /**
   * Whether the poller does not report when there is room for another datagram.
   *
   * @internal
   */
  protected get deaf(): boolean {
    return false;
  }

  /**
   * Encodes the destination of a datagram on an unconnected socket.
   *
   * @internal
   */
  protected destination(addr: A): RawAddress {
    if (this.netFD.remoteAddr !== null) throw new WriteToConnectedError();
    return this.encode(addr);
  }

  /**
   * Adds `addr` to the error of a write; an error that is not of the network, such as a permission
   * error, is unchanged.
   *
   * @internal
   */
  protected addressed(error: unknown, addr: A): unknown {
    if (error instanceof OpError && error.earlierDatagram) return error;
    const ours = error instanceof AddrError || error instanceof WriteToConnectedError;
    const cause = error instanceof OpError ? error.cause : ours ? error : null;
    if (cause === null) return error;
    return new OpError("write", this.netFD.net, this.netFD.localAddr, addr, cause);
  }
}

notesCalls(DatagramConn.prototype, "conn", "readFrom", "writeTo", "read", "write", "readable");
