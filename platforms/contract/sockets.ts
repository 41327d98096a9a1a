// SPDX-License-Identifier: MIT
/**
 * The seam for addresses, sockets of streams, and bytes that move between descriptors. No call throws:
 * each gives its result, or minus the errno.
 */

/** An internet or Unix endpoint as bytes of a `struct sockaddr`, owned by its holder. */
export type RawAddress = Uint8Array<ArrayBuffer>;

/**
 * An internet endpoint in neutral form. `ip` has 4 or 16 bytes, or none where no host was given;
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

/** All of them: the compiler lets none be left out. */
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

/** Which half of a connection `shutdown` ends. */
export type ShutdownHow = "read" | "write";

/**
 * Sockets as an operating system offers them, each call non-blocking and retried on EINTR where
 * that is right. Every call gives a result of zero or more, or minus an errno.
 */
export interface SocketCalls {
  /** A non-blocking, close-on-exec stream socket. */
  streamSocket(family: Family): number;
  bind(fd: number, address: RawAddress): number;
  listen(fd: number, backlog: number): number;
  /** What the system calls {@linkcode accept}: "accept4". */
  readonly acceptName: string;
  /** A new descriptor; the peer's address is then in {@linkcode peer}. */
  accept(fd: number): number;
  /** The address of the peer that the last `accept` gave, as a copy. */
  peer(): RawAddress;
  /** The same by platforms/shared/packed_address.ts: -1 if it is no IPv4 address. Takes no memory. */
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
  /** 1 if a call in this direction would not have to wait, 0 if it would. poll(2). */
  ready(fd: number, direction: "read" | "write"): number;
  shutdown(fd: number, how: ShutdownHow): number;
  close(fd: number): number;
  getOption(fd: number, option: IntOption): number;
  setOption(fd: number, option: IntOption, value: number): number;
  /** Seconds to linger in `close`; negative switches it off. */
  setLinger(fd: number, seconds: number): number;
  /** Seconds that `close` lingers; negative if it does not, or if that cannot be read. */
  linger(fd: number): number;
  /** Has everything go through the interface of this name. */
  bindToDevice(fd: number, name: string): number;
  /** The socket's own address, or minus an errno. */
  localAddress(fd: number): RawAddress | number;
  /** The peer's address, or minus an errno. */
  remoteAddress(fd: number): RawAddress | number;
  /** Bytes sent that the peer has not acknowledged, a FIN counted as one; negative if that is not known. */
  unacknowledged(fd: number): number;
  /**
   * Bytes that `send` has taken and that are still here, for what must not be closed meanwhile;
   * absent where {@linkcode unacknowledged} is exact.
   */
  underWay?(fd: number): number;
  /** Closes a descriptor of whatever kind that the library has opened; absent where `close` does. */
  closeAny?(fd: number): number;
  /** It is another thread's from now on: nothing of it is kept here. Absent where nothing ever is. */
  handedOn?(fd: number): void;
  /**
   * Bytes received from the peer of a TCP socket so far, read or not; absent where the system keeps
   * no count.
   */
  delivered?(fd: number): number;
  /**
   * Bytes that a TCP connection has received and has sent, each counted once; null or absent where
   * the system does not count them.
   */
  traffic?(fd: number): readonly [received: number, sent: number] | null;
  /** The greatest backlog that the kernel grants. */
  maxBacklog(): number;
  /** A descriptor kept in reserve, to be given up when there is no other left. */
  spareDescriptor(): number;
}

/** What a loop over a raw poller calls. */
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
 * The pieces of one `sendmsg`, in memory that the thread's connections share: filled and sent
 * before anything else may run. The caller keeps the pieces alive until then.
 */
export interface SendVector {
  /** How many pieces it takes. */
  readonly capacity: number;
  /** How many it has. */
  readonly count: number;
  /** Drops what it has. */
  clear(): void;
  /** Adds the bytes of `piece` from `start` up to `end`. */
  add(piece: Uint8Array, start: number, end: number): void;
  /** Sends them as far as the socket has room. */
  send(fd: number): number;
}

/** The two ends of a pipe, non-blocking. */
export interface PipeEnds {
  readonly reader: number;
  readonly writer: number;
  /** Bytes that it holds. */
  readonly capacity: number;
}

/** Moving bytes between descriptors within the kernel. Results as of {@linkcode SocketCalls}. */
export interface TransferCalls {
  readonly vector: SendVector;
  /**
   * What `sendFile` is to be given of the file that is open as `file` and lies at `path`, where that is
   * not `file` itself; minus an errno if there is no such thing. `closeFile` gives it back.
   */
  openFile?(file: number, path: string | null): number;
  /** See `openFile`. */
  closeFile?(handle: number): void;
  /** Sends up to `length` bytes of the file `from`, from its byte `offset` on; 0 at its end. */
  sendFile(to: number, from: number, offset: number, length: number): number;
  /** Moves up to `length` bytes from a socket into a pipe or out of one; 0 at the end. */
  splice(from: number, to: number, length: number): number;
  /** A pipe of about `capacity` bytes, or minus an errno. */
  pipe(capacity: number): PipeEnds | number;
}
