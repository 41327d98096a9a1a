// SPDX-License-Identifier: MIT
/** What a UDP socket can do. Go: net/udpsock.go, type UDPConn; golang.org/x/net/ipv4, PacketConn. */
import type { PacketInfo } from "../socket/packet_conn.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { UDPAddr } from "../addr/addr.ts";
import type { PacketBatch } from "./packet_batch.ts";
import type { Datagram, PacketConn } from "../socket/packet_conn.ts";

/** A datagram with what came beside its bytes. */
export interface UDPMessage extends Datagram<UDPAddr>, PacketInfo {}

/** How a datagram is to be sent. */
export interface SendInfo {
  /** The address of this machine that it is to come from. */
  readonly source?: string;
  /** The interface that it is to go out by: a name or an index. */
  readonly interface?: string | number;
  /** Cuts it into datagrams of so many bytes; the last may be shorter. */
  readonly segmentSize?: number;
}

/**
 * A UDP socket: connected, as `dial` gives it, or open to all, as `listenPacket` does.
 * Go: `net.UDPConn`.
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
   * As `readFrom`, with what came beside the bytes. Parks. Go: `ReadMsgUDP`.
   *
   * @throws {OpError} as {@linkcode PacketConn.readFrom}
   */
  readMsg(p: Uint8Array, cancel?: Cancel): Routine<UDPMessage>;
  /**
   * Sends `p` from an address of this machine, by an interface, or cut into datagrams. Parks as
   * `writeTo`. Go: `WriteMsgUDP`.
   *
   * @param addr to whom; null on a connected socket
   * @returns the length of `p`
   * @throws {OpError} as {@linkcode PacketConn.writeTo}; {@linkcode RangeError} when `info` is wrong
   */
  writeMsg(p: Uint8Array, addr: UDPAddr | null, info: SendInfo, cancel?: Cancel): Routine<number>;
  /**
   * Sends `p` cut into datagrams of `segmentSize` bytes, by the kernel where it can: one call for up
   * to 64 of them. Parks as `writeTo`. udp(7), UDP_SEGMENT.
   *
   * @param addr to whom; left out on a connected socket
   * @returns the length of `p`
   */
  writeSegments(
    p: Uint8Array,
    segmentSize: number,
    addr?: UDPAddr | null,
    cancel?: Cancel,
  ): Routine<number>;
  /**
   * Reads as many datagrams as have come and `batch` has room for, in one call. Parks until there is
   * one. Go: `ipv4.PacketConn.ReadBatch`. recvmmsg(2).
   *
   * @returns how many
   * @throws {OpError} as {@linkcode PacketConn.readFrom}
   * @example
   * ```ts
   * const batch = new PacketBatch();
   * const n = yield* conn.readBatch(batch);
   * yield* conn.writeBatch(batch, n); // each back to its sender
   * ```
   */
  readBatch(batch: PacketBatch, cancel?: Cancel): Routine<number>;
  /**
   * Sends the first `count` datagrams of `batch`, as many in one call as there is room for. Parks
   * until all are sent. Go: `ipv4.PacketConn.WriteBatch`. sendmmsg(2).
   *
   * @returns `count`
   * @throws {OpError} whose `messagesWritten` says how many were sent before the one that failed
   */
  writeBatch(batch: PacketBatch, count?: number, cancel?: Cancel): Routine<number>;
  /** Whether `readMsg` and `readBatch` tell where a datagram was sent to. ip(7), IP_PKTINFO. */
  setPacketInfo(on: boolean): void;
  /**
   * Whether datagrams of one sender that follow each other may be put together as one, which then
   * has a `segmentSize`: only `readMsg` and `readBatch` tell them apart, and their buffers must hold
   * 65535 bytes. udp(7), UDP_GRO.
   *
   * @returns whether it is on now; not every kernel can
   */
  setReceiveOffload(on: boolean): boolean;
  /** Whether datagrams may go to broadcast addresses; they may from the start, as in Go. */
  setBroadcast(on: boolean): void;
  /** Hops that a datagram may take: 1 to 255. ip(7), IP_TTL; ipv6(7), IPV6_UNICAST_HOPS. */
  setTTL(hops: number): void;
  /**
   * Joins a multicast group. Go: `ipv4.PacketConn.JoinGroup`.
   *
   * @param group its IP address
   * @param on the interface, by name or index; the system's choice if it is left out
   * @throws {OpError} with an {@linkcode AddrError} for what is no group of this version of IP, and
   * for an unknown interface
   */
  joinGroup(group: string, on?: string | number): void;
  /** Leaves a multicast group. @throws {OpError} as `joinGroup`, and when it was not joined there */
  leaveGroup(group: string, on?: string | number): void;
  /** Whether this machine hears the multicast that it sends; it does from the start. */
  setMulticastLoopback(on: boolean): void;
  /** Hops that multicast may take: 0, which stays on this machine, to 255; 1 from the start. */
  setMulticastTTL(hops: number): void;
  /** The interface that multicast goes out by: a name, an index, or null for the system's choice. */
  setMulticastInterface(on: string | number | null): void;
}
