// SPDX-License-Identifier: MIT
/**
 * Platform interface for addresses, stream sockets, and transfers between descriptors. No call
 * throws: each returns its result, or minus the errno.
 */

/** An internet or Unix endpoint as bytes of a `struct sockaddr`, owned by its holder. */
export type RawAddress = Uint8Array<ArrayBuffer>;

/**
 * An internet endpoint in neutral form. `ip` has 4 or 16 bytes, or none if no host was given;
 * `scope` is an interface index.
 */
export interface Endpoint {
  readonly ip: Uint8Array;
  readonly port: number;
  readonly scope: number;
  /** The only IP version to bind, where an unspecified address would mean both. */
  readonly only?: Family;
}

/** Integer-valued socket option, by its POSIX name; each system has its own numbers. */
export type IntOption =
  | "SO_REUSEADDR"
  | "SO_REUSEPORT"
  | "SO_KEEPALIVE"
  | "SO_RCVBUF"
  | "SO_SNDBUF"
  | "SO_ERROR"
  | "SO_TYPE"
  | "TCP_NODELAY"
  | "TCP_KEEPIDLE"
  | "TCP_KEEPINTVL"
  | "TCP_KEEPCNT"
  | "TCP_USER_TIMEOUT"
  | "TCP_DEFER_ACCEPT"
  | "TCP_FASTOPEN"
  | "TCP_FASTOPEN_CONNECT"
  | "SO_MARK"
  | "IP_TOS"
  | "IPV6_TCLASS"
  | "IPV6_V6ONLY";

/** All integer options: the compiler rejects an incomplete record. */
export const INT_OPTIONS: Readonly<Record<IntOption, true>> = {
  SO_REUSEADDR: true,
  SO_REUSEPORT: true,
  SO_KEEPALIVE: true,
  SO_RCVBUF: true,
  SO_SNDBUF: true,
  SO_ERROR: true,
  SO_TYPE: true,
  TCP_NODELAY: true,
  TCP_KEEPIDLE: true,
  TCP_KEEPINTVL: true,
  TCP_KEEPCNT: true,
  TCP_USER_TIMEOUT: true,
  TCP_DEFER_ACCEPT: true,
  TCP_FASTOPEN: true,
  TCP_FASTOPEN_CONNECT: true,
  SO_MARK: true,
  IP_TOS: true,
  IPV6_TCLASS: true,
  IPV6_V6ONLY: true,
};

/** Address family of an internet socket. */
export type Family = "ip4" | "ip6";

/** The half of a connection that `shutdown` ends. */
export type ShutdownHow = "read" | "write";

/**
 * Stream sockets of an operating system. Each call is non-blocking, and retried on EINTR where that
 * is correct. Every call returns zero or more, or minus an errno.
 */
export interface SocketCalls {
  /** Opens a non-blocking, close-on-exec stream socket. */
  streamSocket(family: Family): number;
  bind(fd: number, address: RawAddress): number;
  listen(fd: number, backlog: number): number;
  /** System call behind {@linkcode accept}: "accept4". */
  readonly acceptName: string;
  /**
   * Accepts a connection and returns its descriptor; the peer's address is then in
   * {@linkcode peer}.
   */
  accept(fd: number): number;
  /** Returns a copy of the peer's address from the last `accept`. */
  peer(): RawAddress;
  /**
   * The same packed by platforms/shared/packed_address.ts; -1 unless it is an IPv4 address.
   * Allocates nothing.
   */
  packedPeer(): number;
  connect(fd: number, address: RawAddress): number;
  /** Receives into the first `length` bytes of `buffer`. */
  recv(fd: number, buffer: Uint8Array, length: number): number;
  /** Sends the first `length` bytes of `buffer`; never raises SIGPIPE. */
  send(fd: number, buffer: Uint8Array, length: number): number;
  /** Reads once from any descriptor. read(2). */
  read(fd: number, buffer: Uint8Array, length: number): number;
  /** Writes once to any descriptor. write(2). */
  write(fd: number, buffer: Uint8Array, length: number): number;
  /** Returns 1 if a call in this direction would not block, 0 if it would. poll(2). */
  ready(fd: number, direction: "read" | "write"): number;
  shutdown(fd: number, how: ShutdownHow): number;
  close(fd: number): number;
  getOption(fd: number, option: IntOption): number;
  setOption(fd: number, option: IntOption, value: number): number;
  /** Sets SO_LINGER in seconds; a negative value disables it. */
  setLinger(fd: number, seconds: number): number;
  /** Returns SO_LINGER in seconds; negative if it is disabled or cannot be read. */
  linger(fd: number): number;
  /** Binds the socket to the interface of this name. */
  bindToDevice(fd: number, name: string): number;
  /** Returns the socket's own address, or minus an errno. */
  localAddress(fd: number): RawAddress | number;
  /** Returns the peer's address, or minus an errno. */
  remoteAddress(fd: number): RawAddress | number;
  /**
   * Returns the number of sent bytes that the peer has not acknowledged, counting a FIN as one;
   * negative if unknown.
   */
  unacknowledged(fd: number): number;
  /**
   * Number of bytes passed to `send` that are still in this process, so that the socket must not be
   * closed yet; absent where {@linkcode unacknowledged} is exact.
   */
  underWay?(fd: number): number;
  /** Closes a descriptor of any kind that the library opened; absent where `close` does. */
  closeAny?(fd: number): number;
  /**
   * Drops local state about a descriptor that was handed to another thread. Absent where there is
   * none.
   */
  handedOn?(fd: number): void;
  /**
   * Returns the number of bytes received from the peer of a TCP socket so far, read or not; absent
   * if the system does not count them.
   */
  delivered?(fd: number): number;
  /**
   * Returns the numbers of bytes that a TCP connection has received and sent, each byte counted
   * once; null or absent if the system does not count them.
   */
  traffic?(fd: number): readonly [received: number, sent: number] | null;
  /** Returns the largest backlog that the kernel grants. */
  maxBacklog(): number;
  /** Opens a descriptor that is kept in reserve for when no other is left. */
  spareDescriptor(): number;
}

/** Calls of a loop over a raw poller. */
export type RawSocketCalls = Pick<
  SocketCalls,
  | "streamSocket"
  | "setOption"
  | "getOption"
  | "bind"
  | "listen"
  | "maxBacklog"
  | "acceptName"
  | "accept"
  | "connect"
  | "read"
  | "write"
  | "shutdown"
  | "close"
  | "localAddress"
>;

/**
 * Pieces of one `sendmsg`, in memory shared by the thread's connections: filled and sent before
 * anything else may run. The caller keeps the pieces alive until then.
 */
export interface SendVector {
  /** Maximum number of pieces. */
  readonly capacity: number;
  /** Current number of pieces. */
  readonly count: number;
  /** Removes all pieces. */
  clear(): void;
  /** Adds the bytes of `piece` from `start` up to `end`. */
  add(piece: Uint8Array, start: number, end: number): void;
  /** Sends as much as the socket has room for. */
  send(fd: number): number;
}

/** Both ends of a non-blocking pipe. */
export interface PipeEnds {
  readonly reader: number;
  readonly writer: number;
  /** Capacity in bytes. */
  readonly capacity: number;
}

/**
 * Transfers between descriptors within the kernel. Results are those of {@linkcode SocketCalls}.
 */
export interface TransferCalls {
  readonly vector: SendVector;
  /**
   * Returns the handle for `sendFile` of the open file `file` at `path`, where that is not `file`
   * itself; minus an errno if there is none. `closeFile` releases it.
   */
  openFile?(file: number, path: string | null): number;
  /** See `openFile`. */
  closeFile?(handle: number): void;
  /** Sends up to `length` bytes of the file `from`, starting at byte `offset`; 0 at its end. */
  sendFile(to: number, from: number, offset: number, length: number): number;
  /**
   * Moves up to `length` bytes from a socket into a pipe or out of one; 0 at the end of the stream.
   */
  splice(from: number, to: number, length: number): number;
  /** Opens a pipe of about `capacity` bytes, or returns minus an errno. */
  pipe(capacity: number): PipeEnds | number;
}
