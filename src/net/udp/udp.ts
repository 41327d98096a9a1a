// SPDX-License-Identifier: MIT
/**
 * Interface of UDP sockets. Go: net/udpsock.go, type UDPConn; golang.org/x/net/ipv4, PacketConn.
 */
import type { PacketInfo } from "../socket/packet_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { UDPAddr } from "../addr/addr.ts";
import type { PacketBatch } from "./packet_batch.ts";
import type { Datagram, PacketConn } from "../socket/packet_conn.ts";

/** A datagram with its metadata. */
export interface UDPMessage extends Datagram<UDPAddr>, PacketInfo {}

/** How to send a datagram. */
export interface SendInfo {
  /** Local IP address to send from. */
  readonly source?: string;
  /** Interface to send through, by name or index. */
  readonly interface?: string | number;
  /** Segments it into datagrams of this many bytes; the last may be shorter. */
  readonly segmentSize?: number;
}

/**
 * UDP socket: connected, as returned by `dial`, or unconnected, as returned by `listenPacket`. Go:
 * `net.UDPConn`.
 *
 * @example An echo server.
 * ```ts
 * using conn = yield* listenPacket("udp", "127.0.0.1:7007");
 * const buf = new Uint8Array(65535);
 * for (;;) {
 *   const { n, addr } = yield* conn.readFrom(buf);
 *   yield* conn.writeTo(buf.subarray(0, n), addr);
 * }
 * ```
 */
export interface UDPConn extends PacketConn<UDPAddr> {
  /**
   * Gives up the descriptor, as {@linkcode Conn.detach}. Datagrams that the socket had read ahead
   * are not in the descriptor any more: reads of any kind return them, and after the last one throw
   * a {@linkcode ClosedError}. Datagrams that {@linkcode PacketOptions.coalesce} holds are sent.
   *
   * @returns the descriptor, which the caller owns
   * @throws {OpError} if it is closed
   */
  detach(): number;
  /**
   * Reads one datagram with its metadata. Parks. Go: `ReadMsgUDP`.
   *
   * @throws {OpError} as {@linkcode PacketConn.readFrom}
   */
  readMsg(p: Uint8Array, cancel?: Cancel): Routine<UDPMessage>;
  /**
   * Sends `p` with a chosen source address or interface, or segmented. Parks as `writeTo`. Go:
   * `WriteMsgUDP`.
   *
   * @param addr the destination; null on a connected socket
   * @param info see {@linkcode SendInfo}
   * @returns the length of `p`
   * @throws {OpError} as {@linkcode PacketConn.writeTo}; {@linkcode RangeError} if `info` is
   * invalid
   */
  writeMsg(p: Uint8Array, addr: UDPAddr | null, info: SendInfo, cancel?: Cancel): Routine<number>;
  /**
   * Sends `p` as datagrams of `segmentSize` bytes, segmented by the kernel where possible: one call
   * for up to 64 of them. Parks as `writeTo`. udp(7), UDP_SEGMENT.
   *
   * @param addr the destination; omit it on a connected socket
   * @returns the length of `p`
   */
  writeSegments(
    p: Uint8Array,
    segmentSize: number,
    addr?: UDPAddr | null,
    cancel?: Cancel,
  ): Routine<number>;
  /**
   * Reads all available datagrams that fit into `batch`, in one call. Parks until there is at least
   * one. Go: `ipv4.PacketConn.ReadBatch`. recvmmsg(2).
   *
   * @returns the number of datagrams read
   * @throws {OpError} as {@linkcode PacketConn.readFrom}
   * @example
   * ```ts
   * using conn = yield* listenPacket("udp", "127.0.0.1:7007");
   * const batch = new PacketBatch();
   * const n = yield* conn.readBatch(batch);
   * yield* conn.writeBatch(batch, n); // each back to its sender
   * ```
   */
  readBatch(batch: PacketBatch, cancel?: Cancel): Routine<number>;
  /**
   * Sends the first `count` datagrams of `batch`, in as few calls as possible. Parks until all are
   * sent. Go: `ipv4.PacketConn.WriteBatch`. sendmmsg(2).
   *
   * @param count number of datagrams; all of them by default
   * @returns `count`
   * @throws {OpError} whose `messagesWritten` is the number of datagrams sent before the one that
   * failed, or before the call was canceled
   */
  writeBatch(batch: PacketBatch, count?: number, cancel?: Cancel): Routine<number>;
  /**
   * Sets whether `readMsg` and `readBatch` report the destination of datagrams. ip(7), IP_PKTINFO.
   */
  setPacketInfo(on: boolean): void;
  /**
   * Sets whether the kernel may coalesce consecutive datagrams of one sender. A coalesced one has a
   * `segmentSize`: only `readMsg` and `readBatch` report it, and their buffers must hold 65535
   * bytes. udp(7), UDP_GRO.
   *
   * @returns true if it is on now; not every kernel supports it
   */
  setReceiveOffload(on: boolean): boolean;
  /** Sets whether datagrams may be sent to broadcast addresses; true by default, as in Go. */
  setBroadcast(on: boolean): void;
  /**
   * Sets the hop limit of unicast datagrams: 1 to 255. ip(7), IP_TTL; ipv6(7), IPV6_UNICAST_HOPS.
   */
  setTTL(hops: number): void;
  /**
   * Joins a multicast group. Go: `ipv4.PacketConn.JoinGroup`.
   *
   * @param group the IP address of the group
   * @param on the interface, by name or index; by default the system chooses
   * @throws {OpError} with an {@linkcode AddrError} if `group` is not a multicast address of the
   * socket's IP version, or the interface is unknown
   */
  joinGroup(group: string, on?: string | number): void;
  /**
   * Leaves a multicast group. @throws {OpError} as `joinGroup`, and if the group was not joined
   * there
   */
  leaveGroup(group: string, on?: string | number): void;
  /** Sets whether this machine receives its own multicast datagrams; true by default. */
  setMulticastLoopback(on: boolean): void;
  /** Sets the hop limit of multicast datagrams: 0 (this machine only) to 255; 1 by default. */
  setMulticastTTL(hops: number): void;
  /**
   * Sets the interface for outgoing multicast: a name, an index, or null for the system's choice.
   */
  setMulticastInterface(on: string | number | null): void;
}
