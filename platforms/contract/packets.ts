// SPDX-License-Identifier: MIT
/**
 * Platform interface for datagrams, Unix sockets and foreign descriptors. Results are those of
 * SocketCalls: zero or more, or minus an errno.
 */
import type { Family, RawAddress, SocketCalls } from "./sockets.ts";

/** Datagram socket option, by its POSIX name; each system has its own numbers. */
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

/** A `struct sockaddr` written by the kernel: as words, for comparison, and its length in bytes. */
export interface SocketName {
  readonly words: Int32Array;
  /** Index of its first word. */
  readonly at: number;
  /** Significant bytes; 0 if the peer has no name. */
  length: number;
}

/** Ancillary data of a received message. */
export interface ControlInfo {
  /** Destination address, 4 or 16 bytes; null if it was not requested. */
  readonly destination: Uint8Array | null;
  /** Index of the interface that it arrived on, or 0. */
  readonly interfaceIndex: number;
  /** Size in bytes of each datagram that the kernel coalesced (GRO), or 0 if it is a single one. */
  readonly segmentSize: number;
  /** Descriptors that were passed. */
  readonly fds: readonly number[];
}

/** Ancillary data of a message without any. */
export const NO_CONTROL: ControlInfo = {
  destination: null,
  interfaceIndex: 0,
  segmentSize: 0,
  fds: [],
};

/** Ancillary data of a message to send. */
export interface ControlRequest {
  /** Source address, 4 or 16 bytes. */
  readonly source?: Uint8Array;
  /** Index of the outgoing interface. */
  readonly interfaceIndex?: number;
  /** Size in bytes of the datagrams that the kernel splits it into (GSO). */
  readonly segmentSize?: number;
  /** Descriptors to pass. */
  readonly fds?: readonly number[];
}

/** Messages in memory that the kernel fills and reads: one allocation with a stable address. */
export interface Messages {
  readonly count: number;
  /** Maximum size of one message in bytes. */
  readonly size: number;
  /** Bytes of all messages, at a distance of `size`. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Length of each message in bytes; may be set before sending, at most `size`. */
  readonly lengths: Int32Array;
  /** Receives up to `count` messages of at most `capacity` bytes. Returns their number. */
  receive(fd: number, count: number, capacity: number): number;
  /** Sends messages `from` up to `to`, to their addresses if `named`. Returns their number. */
  send(fd: number, from: number, to: number, named: boolean): number;
  /** Number of bytes of message `i` that the last `send` sent; all of them, except on a stream. */
  sent(i: number): number;
  /** Whether message `i` was longer than its buffer. */
  truncated(i: number): boolean;
  /** Whether the ancillary data of message `i` was longer than its buffer. */
  controlTruncated(i: number): boolean;
  /** Returns the sender of message `i`; valid until the next call. */
  name(i: number): SocketName;
  /** Sets the destination of message `i`; null for the connected peer. */
  setName(i: number, address: RawAddress | null): void;
  /** Returns the ancillary data of message `i`. */
  control(i: number): ControlInfo;
  /** Sets the ancillary data of message `i`. */
  setControl(i: number, request: ControlRequest | null): void;
}

/** Dimensions of {@linkcode Messages}. */
export interface MessagesShape {
  /** Number of messages. */
  readonly count: number;
  /** Maximum size of a message in bytes. */
  readonly size: number;
  /** Maximum number of descriptors per message. */
  readonly fds: number;
}

/** Datagram sockets of an operating system. */
export interface PacketCalls {
  /** Opens a non-blocking, close-on-exec datagram socket. */
  socket(family: Family): number;
  setOption(fd: number, option: PacketOption, value: number): number;
  /**
   * Dissolves the association of a connected socket whose port the kernel has chosen, and frees that
   * port: the next connect chooses another at random. Absent if the system keeps the port.
   */
  disconnect?(fd: number): number;
  /**
   * Receives into the first `length` bytes; returns the datagram's full length, which may be
   * larger.
   */
  receive(fd: number, buffer: Uint8Array, length: number): number;
  /**
   * Returns the length of the next packet, which stays queued; absent if the system does not report
   * it.
   */
  nextLength?(fd: number): number;
  /** As `receive`; stores the sender's address in `sender`. */
  receiveFrom(fd: number, buffer: Uint8Array, length: number): number;
  /** Sender of the datagram that the last `receiveFrom` returned. */
  readonly sender: SocketName;
  /** Sends the first `length` bytes as one datagram, which may be empty. */
  send(fd: number, buffer: Uint8Array, length: number): number;
  /** As `send`, to an address. */
  sendTo(fd: number, buffer: Uint8Array, length: number, address: RawAddress): number;
  messages(shape: MessagesShape): Messages;
  /**
   * Whether {@linkcode Messages.receive} takes several by one system call, and reports an error that
   * comes after the first of them by the next call; absent where each is a call of its own.
   */
  readonly receivesMany?: true;
  /** Whether {@linkcode Messages.send} sends several by one system call; absent as above. */
  readonly sendsMany?: true;
  readonly multicast: MulticastCalls;
}

/** Multicast on datagram sockets. An interface index of 0 lets the system choose. */
export interface MulticastCalls {
  /** Joins a group (4 or 16 bytes) on an interface. */
  join(fd: number, group: Uint8Array, interfaceIndex: number): number;
  /** Leaves a group. */
  leave(fd: number, group: Uint8Array, interfaceIndex: number): number;
  /** Sets the outgoing interface of multicast. */
  setInterface(fd: number, family: Family, interfaceIndex: number): number;
}

/** Types of Unix sockets. */
export type UnixType = "stream" | "dgram" | "seqpacket";

/** Credentials of the peer of a Unix socket. */
export interface RawCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Files that are created by binding Unix sockets. */
export interface SocketFiles {
  /**
   * Returns an identity that distinguishes the file at `path` from a later one with that path, or
   * null if there is none.
   */
  identity(path: string): string | null;
  /** Whether the file is a socket. */
  isSocket(path: string): boolean;
  /** Removes the file. */
  remove(path: string): void;
}

/** Unix sockets of an operating system. */
export interface UnixCalls {
  /** Opens a non-blocking, close-on-exec Unix socket. */
  socket(type: UnixType): number;
  /** Socket files; absent if `node:fs` handles them. */
  readonly files?: SocketFiles;
  /** Returns the credentials of the process that connected, or listened, at the other end. */
  credentials(fd: number): RawCredentials | number;
}

/** Kind of a foreign descriptor. */
export interface DescriptorKind {
  /** "ip4", "ip6", "unix"; "file" if it is not a socket; "other" for unsupported sockets. */
  readonly domain: Family | "unix" | "file" | "other";
  readonly type: UnixType | "other";
  /** Whether it listens for connections. */
  readonly listening: boolean;
}

/** Calls on any descriptor. */
export interface DescriptorCalls {
  /** Returns the kind of `fd`, or minus an errno. */
  kind(fd: number): DescriptorKind | number;
  /** Returns a close-on-exec duplicate. */
  duplicate(fd: number): number;
  /** Makes it close-on-exec. */
  closeOnExec(fd: number): number;
  /** Sets non-blocking or blocking mode; returns 1 if that changed it, 0 if not. */
  setNonBlocking(fd: number, on: boolean): number;
  close(fd: number): number;
  /** Reads and writes descriptors that are not sockets. */
  readonly files: SocketCalls;
}
