// SPDX-License-Identifier: MIT
/** Interface of datagram sockets on any network. Go: net/net.go, type PacketConn. */
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Addr } from "../addr/addr.ts";
import type { Deadline } from "../deadline.ts";

/** Result of {@linkcode PacketConn.readFrom}. */
export interface Datagram<A extends Addr = Addr> {
  /** Number of bytes in the buffer; 0 for an empty datagram. */
  readonly n: number;
  /** Sender. */
  readonly addr: A;
  /** True if the datagram was longer than the buffer; the rest is lost. */
  readonly truncated: boolean;
}

/**
 * Datagram socket. Go: `net.PacketConn`.
 *
 * There is no end of stream: an empty datagram reads as 0. An error reported by the peer's host is
 * thrown once, by the next call; the socket stays usable. One goroutine may read while another
 * writes; several take turns. For `cancel`, see {@linkcode Conn.read}.
 */
export interface PacketConn<A extends Addr = Addr> extends Disposable {
  /**
   * Reads one datagram. Parks until one arrives.
   *
   * @param p the buffer to fill; bytes that do not fit are lost, and `truncated` is set
   * @throws {OpError} if the socket is closed, its read deadline is exceeded, or, for a connected
   * socket, the remote port is closed (`code` "ECONNREFUSED")
   * @example
   * ```ts
   * using conn = yield* listenPacket("udp", "127.0.0.1:7007");
   * const { n, addr } = yield* conn.readFrom(buf);
   * yield* conn.writeTo(buf.subarray(0, n), addr);
   * ```
   */
  readFrom(p: Uint8Array, cancel?: Cancel): Routine<Datagram<A>>;
  /**
   * Sends `p` as one datagram, even if it is empty. Parks only while the system has no buffer
   * space.
   *
   * @param p the datagram
   * @param addr the destination, such as the `addr` of `readFrom`
   * @returns the length of `p`
   * @throws {OpError} that of an earlier datagram, if it has `earlierDatagram`, see
   * {@linkcode PacketOptions.coalesce}; with {@linkcode WriteToConnectedError} on a connected socket; with "EMSGSIZE"
   * if `p` is too long
   */
  writeTo(p: Uint8Array, addr: A, cancel?: Cancel): Routine<number>;
  /**
   * Reads one datagram. Returns the number of bytes that fit; 0 if the datagram or `p` is empty.
   * Parks.
   */
  read(p: Uint8Array, cancel?: Cancel): Routine<number>;
  /** Sends `p` as one datagram to the peer of a connected socket. Parks as `writeTo`. */
  write(p: Uint8Array, cancel?: Cancel): Routine<number>;
  /** Waits until a read would not have to wait. Parks. */
  readable(cancel?: Cancel): Routine<void>;
  /** Returns a `select` case that is ready when a read would not have to wait. It reads nothing. */
  onReadable(): SelectCase<{ value: undefined; ok: true }>;
  /**
   * Returns a `select` case that is ready when a write would not have to wait. It writes nothing.
   */
  onWritable(): SelectCase<{ value: undefined; ok: true }>;
  /**
   * Closes the socket; parked calls fail with `ClosedError`. @throws {OpError} if it is already
   * closed
   */
  close(): void;
  /** Gives up the descriptor, as {@linkcode Conn.detach}. */
  detach(): number;
  /** Local address. */
  readonly localAddr: A;
  /** Remote address; null if the socket is not connected. */
  readonly remoteAddr: A | null;
  /** Descriptor, or -1 once closed. It remains owned by the socket. */
  readonly fd: number;
  /** Sets the deadline of reads and writes, as {@linkcode Conn.setDeadline}. */
  setDeadline(at: Deadline): void;
  /** Sets the deadline of reads only. See `setDeadline`. */
  setReadDeadline(at: Deadline): void;
  /** Sets the deadline of writes only. See `setDeadline`. */
  setWriteDeadline(at: Deadline): void;
  /**
   * Sets the size of the receive buffer, in bytes; datagrams that do not fit are lost. socket(7),
   * SO_RCVBUF.
   */
  setReadBuffer(bytes: number): void;
  /** Sets the size of the send buffer, in bytes. socket(7), SO_SNDBUF. */
  setWriteBuffer(bytes: number): void;
  /** Closes the socket unless it is already closed. */
  [Symbol.dispose](): void;
}

/** Thrown for a `writeTo` on a connected datagram socket. Go: `net.ErrWriteToConnected`. */
export class WriteToConnectedError extends Error {
  /** "WriteToConnectedError". */
  override readonly name = "WriteToConnectedError";
  /** Error code, as in Node. */
  readonly code = "ERR_SOCKET_DGRAM_IS_CONNECTED";

  /** @internal */
  constructor() {
    super("use of WriteTo with pre-connected connection");
  }
}

/** Metadata of a received datagram. */
export interface PacketInfo {
  /** Destination IP address; null unless {@linkcode UDPConn.setPacketInfo} is on. */
  readonly destination: string | null;
  /** Index of the receiving interface; 0 unless `setPacketInfo` is on. */
  readonly interfaceIndex: number;
  /**
   * Size in bytes of each coalesced datagram, the last of which may be shorter; 0 for a single
   * datagram.
   */
  readonly segmentSize: number;
}
