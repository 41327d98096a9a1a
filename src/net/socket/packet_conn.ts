// SPDX-License-Identifier: MIT
/** What a socket of datagrams can do, whatever the network. Go: net/net.go, type PacketConn. */
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Addr } from "../addr/addr.ts";
import type { Deadline } from "../deadline.ts";

/** What {@linkcode PacketConn.readFrom} gives. */
export interface Datagram<A extends Addr = Addr> {
  /** How many bytes were put in the buffer; 0 for an empty datagram. */
  readonly n: number;
  /** Who sent it. */
  readonly addr: A;
  /** Whether it was longer than the buffer: the rest is lost. */
  readonly truncated: boolean;
}

/**
 * A socket of datagrams. Go: `net.PacketConn`.
 *
 * Nothing about it ends a stream: an empty datagram reads as 0, and an error that the peer's machine
 * reported is thrown once, by the next call; the socket goes on. One goroutine may read while another
 * writes; more of them take turns. `cancel` ends a call as that of {@linkcode Conn.read}.
 */
export interface PacketConn<A extends Addr = Addr> extends Disposable {
  /**
   * Reads one datagram. Parks until one has come.
   *
   * @param p where its bytes go; those for which there is no room are lost, and `truncated` tells
   * @throws {OpError} when the socket was closed, its read deadline passed, or, if it is connected,
   * nobody listens at the other end (`code` "ECONNREFUSED")
   * @example
   * ```ts
   * const { n, addr } = yield* conn.readFrom(buf);
   * yield* conn.writeTo(buf.subarray(0, n), addr);
   * ```
   */
  readFrom(p: Uint8Array, cancel?: Cancel): Routine<Datagram<A>>;
  /**
   * Sends `p` as one datagram, also if it is empty. Parks only while the system has no room for it.
   *
   * @param addr to whom, as `readFrom` gave it
   * @returns the length of `p`
   * @throws {OpError} with {@linkcode WriteToConnectedError} on a connected socket; with "EMSGSIZE"
   * when it is too long
   */
  writeTo(p: Uint8Array, addr: A, cancel?: Cancel): Routine<number>;
  /** Reads one datagram and gives how many of its bytes fit; 0 if it is empty, or if `p` is. Parks. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number>;
  /** Sends `p` as one datagram to the other end of a connected socket. Parks as `writeTo`. */
  write(p: Uint8Array, cancel?: Cancel): Routine<number>;
  /** Waits until a read would not have to wait. Parks. */
  readable(cancel?: Cancel): Routine<void>;
  /** The case of a `select` that happens when a read would not have to wait. It reads nothing. */
  onReadable(): SelectCase<{ value: undefined; ok: true }>;
  /** The case of a `select` that happens when a write would not have to wait. It writes nothing. */
  onWritable(): SelectCase<{ value: undefined; ok: true }>;
  /** Closes it at once; parked calls end with `ClosedError`. @throws {OpError} when it was closed before */
  close(): void;
  /** Gives the descriptor up, as {@linkcode Conn.detach}. */
  detach(): number;
  /** This end. */
  readonly localAddr: A;
  /** The other end; null if the socket is not connected. */
  readonly remoteAddr: A | null;
  /** The descriptor's number, or -1 when closed. It stays the socket's own. */
  readonly fd: number;
  /** Sets when reads and writes fail, as {@linkcode Conn.setDeadline}. */
  setDeadline(at: Deadline): void;
  /** As `setDeadline`, for reads alone. */
  setReadDeadline(at: Deadline): void;
  /** As `setDeadline`, for writes alone. */
  setWriteDeadline(at: Deadline): void;
  /** Asks for a receive buffer of so many bytes; datagrams that do not fit are lost. socket(7), SO_RCVBUF. */
  setReadBuffer(bytes: number): void;
  /** Asks for a send buffer of so many bytes. socket(7), SO_SNDBUF. */
  setWriteBuffer(bytes: number): void;
  /** Closes it unless it is closed. */
  [Symbol.dispose](): void;
}

/** A datagram socket that has one peer was told to send to another. Go: `net.ErrWriteToConnected`. */
export class WriteToConnectedError extends Error {
  /** "WriteToConnectedError". */
  override readonly name = "WriteToConnectedError";
  /** As Node names it. */
  readonly code = "ERR_SOCKET_DGRAM_IS_CONNECTED";

  /** @internal */
  constructor() {
    super("use of WriteTo with pre-connected connection");
  }
}

/** What came beside the bytes of a datagram. */
export interface PacketInfo {
  /** The IP address that it was sent to; null unless {@linkcode UDPConn.setPacketInfo} is on. */
  readonly destination: string | null;
  /** The index of the interface that it came in by; 0 unless `setPacketInfo` is on. */
  readonly interfaceIndex: number;
  /** Bytes of each of the datagrams that were put together, the last perhaps less; 0 if it is one. */
  readonly segmentSize: number;
}
