// SPDX-License-Identifier: MIT
/**
 * The seam for packets, Unix sockets and descriptors from elsewhere. Results are as of SocketCalls:
 * zero or more, or minus an errno.
 */
import type { Family, RawAddress, SocketCalls } from "./sockets.ts";

/** An option of a datagram socket by its POSIX name; each system knows its own numbers. */
export type PacketOption =
  | "SO_BROADCAST"
  | "IP_TTL"
  | "IP_PKTINFO"
  | "IP_MULTICAST_TTL"
  | "IP_MULTICAST_LOOP"
  | "IPV6_UNICAST_HOPS"
  | "IPV6_RECVPKTINFO"
  | "IPV6_MULTICAST_HOPS"
  | "IPV6_MULTICAST_LOOP"
  | "UDP_SEGMENT"
  | "UDP_GRO";

/** A `struct sockaddr` that the kernel wrote: in words, for comparing, and its length in bytes. */
export interface SocketName {
  readonly words: Int32Array;
  /** Index of its first word. */
  readonly at: number;
  /** Bytes that count; 0 if the peer has no name. */
  length: number;
}

/** What a message carries beside its bytes. */
export interface ControlInfo {
  /** Where it was sent to, 4 or 16 bytes; null if that was not asked for. */
  readonly destination: Uint8Array | null;
  /** The index of the interface that it came in by, or 0. */
  readonly interfaceIndex: number;
  /** Bytes of each datagram that the kernel put together here, or 0 if it is one. */
  readonly segmentSize: number;
  /** Descriptors that were passed. */
  readonly fds: readonly number[];
}

/** Of a message that carries nothing beside its bytes. */
export const NO_CONTROL: ControlInfo = {
  destination: null,
  interfaceIndex: 0,
  segmentSize: 0,
  fds: [],
};

/** What a message to be sent carries beside its bytes. */
export interface ControlRequest {
  /** The address that it is to come from, 4 or 16 bytes. */
  readonly source?: Uint8Array;
  /** The index of the interface that it is to go out by. */
  readonly interfaceIndex?: number;
  /** Bytes of each datagram that the kernel is to cut it into. */
  readonly segmentSize?: number;
  /** Descriptors to pass. */
  readonly fds?: readonly number[];
}

/** Messages in memory that the kernel fills and reads: one allocation that stays where it is. */
export interface Messages {
  readonly count: number;
  /** Bytes of one message at most. */
  readonly size: number;
  /** The bytes of all messages, `size` apart. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Bytes of each message; may be set before it is sent, at most `size`. */
  readonly lengths: Int32Array;
  /** Receives up to `count` messages of at most `capacity` bytes. Returns their number. */
  receive(fd: number, count: number, capacity: number): number;
  /** Sends messages `from` up to `to`, to their addresses if `named`. Returns their number. */
  send(fd: number, from: number, to: number, named: boolean): number;
  /** How many bytes of message `i` the last `send` took; all, unless it is of a stream. */
  sent(i: number): number;
  /** Whether message `i` was longer than its memory. */
  truncated(i: number): boolean;
  /** Whether what message `i` carried beside its bytes was more than its memory held. */
  controlTruncated(i: number): boolean;
  /** The sender of message `i`; valid until the next call. */
  name(i: number): SocketName;
  /** Destination of message `i`; null for the connected peer. */
  setName(i: number, address: RawAddress | null): void;
  /** What message `i` carried beside its bytes. */
  control(i: number): ControlInfo;
  /** What message `i` is to carry beside its bytes. */
  setControl(i: number, request: ControlRequest | null): void;
}

/** How {@linkcode Messages} are laid out. */
export interface MessagesShape {
  /** How many. */
  readonly count: number;
  /** Bytes of one at most. */
  readonly size: number;
  /** Descriptors that one may carry. */
  readonly fds: number;
}

/** Datagram sockets as an operating system offers them. */
export interface PacketCalls {
  /** A non-blocking, close-on-exec datagram socket. */
  socket(family: Family): number;
  setOption(fd: number, option: PacketOption, value: number): number;
  /** Receives into the first `length` bytes; gives the datagram's own length, which may be more. */
  receive(fd: number, buffer: Uint8Array, length: number): number;
  /**
   * The length of the next packet, which stays queued; absent where the system does not report it.
   */
  nextLength?(fd: number): number;
  /** As `receive`; the sender's address is then in `sender`. */
  receiveFrom(fd: number, buffer: Uint8Array, length: number): number;
  /** Who sent what the last `receiveFrom` gave. */
  readonly sender: SocketName;
  /** Sends the first `length` bytes as one datagram, also if there are none. */
  send(fd: number, buffer: Uint8Array, length: number): number;
  /** As `send`, to an address. */
  sendTo(fd: number, buffer: Uint8Array, length: number, address: RawAddress): number;
  messages(shape: MessagesShape): Messages;
  readonly multicast: MulticastCalls;
}

/** Multicast of datagram sockets. Of an interface the index 0 leaves the choice to the system. */
export interface MulticastCalls {
  /** Joins a group (4 or 16 bytes) on an interface. */
  join(fd: number, group: Uint8Array, interfaceIndex: number): number;
  /** Leaves it. */
  leave(fd: number, group: Uint8Array, interfaceIndex: number): number;
  /** The interface that multicast goes out by. */
  setInterface(fd: number, family: Family, interfaceIndex: number): number;
}

/** The kinds of Unix sockets. */
export type UnixType = "stream" | "dgram" | "seqpacket";

/** Who is at the other end of a Unix socket. */
export interface RawCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Files that binding Unix sockets makes. */
export interface SocketFiles {
  /** Returns what tells the file at `path` from another that comes after it, or null if there is none. */
  identity(path: string): string | null;
  /** Whether it is the file of a socket. */
  isSocket(path: string): boolean;
  /** Removes it. */
  remove(path: string): void;
}

/** Unix sockets as an operating system offers them. */
export interface UnixCalls {
  /** A non-blocking, close-on-exec Unix socket. */
  socket(type: UnixType): number;
  /** Files of sockets; absent where they are those of `node:fs`. */
  readonly files?: SocketFiles;
  /** Who connected, or listened, at the other end. */
  credentials(fd: number): RawCredentials | number;
}

/** What a descriptor from elsewhere is. */
export interface DescriptorKind {
  /** "ip4", "ip6", "unix"; "file" for what is no socket; "other" for sockets unknown here. */
  readonly domain: Family | "unix" | "file" | "other";
  readonly type: UnixType | "other";
  /** Whether it waits for connections. */
  readonly listening: boolean;
}

/** Descriptors in general. */
export interface DescriptorCalls {
  /** What `fd` is, or minus an errno. */
  kind(fd: number): DescriptorKind | number;
  /** A close-on-exec copy. */
  duplicate(fd: number): number;
  /** Makes it close-on-exec. */
  closeOnExec(fd: number): number;
  /** Makes it non-blocking, or blocking; 1 if that changed it, 0 if it was so. */
  setNonBlocking(fd: number, on: boolean): number;
  close(fd: number): number;
  /** Reading and writing what is no socket. */
  readonly files: SocketCalls;
}
