// SPDX-License-Identifier: MIT
/** What Unix sockets can do beside what all can. Go: net/unixsock.go. */
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Conn, Listener } from "../net.ts";
import type { PacketConn } from "../socket/packet_conn.ts";
import type { UnixAddr } from "../addr/unix_addr.ts";

/** What {@linkcode UnixMessages.readMsgUnix} gives. */
export interface UnixMessage {
  /** How many bytes were put in the buffer. */
  readonly n: number;
  /**
   * The descriptors that were passed: yours from now on, to be closed or handed to `fileConn` and
   * the like. They are closed when this process executes another program.
   */
  readonly fds: readonly number[];
  /** Who sent it; "@" if that one has no name, as of a stream. */
  readonly addr: UnixAddr;
  /** Whether a packet was longer than the buffer: the rest is lost. */
  readonly truncated: boolean;
  /** Whether more descriptors were passed than this process may have open: all were closed again. */
  readonly controlTruncated: boolean;
}

/** What {@linkcode UnixMessages.writeMsgUnix} takes beside the bytes. */
export interface UnixSendInfo {
  /** Descriptors to pass, at most 253. They stay open here, and the receiver's are copies. */
  readonly fds?: readonly number[];
  /** To whom, on a socket of datagrams that is not connected. */
  readonly addr?: UnixAddr;
}

/** The process at the other end. unix(7), SO_PEERCRED. */
export interface PeerCredentials {
  /** Its number when it connected, or listened; it may be gone, and the number another's. */
  readonly pid: number;
  /** Its user. */
  readonly uid: number;
  /** Its group. */
  readonly gid: number;
}

/** Passing descriptors to another process. */
export interface UnixMessages {
  /**
   * Reads once, with the descriptors that were passed along. Parks. Go: `ReadMsgUnix`. A `read` would
   * lose them: the system closes what nobody asked for.
   *
   * @returns null at the end of a stream
   * @throws {OpError} as `read`
   * @example
   * ```ts
   * const message = yield* conn.readMsgUnix(buf);
   * for (const fd of message?.fds ?? []) go(serve, fileConn(fd, { own: true }));
   * ```
   */
  readMsgUnix(p: Uint8Array, cancel?: Cancel): Routine<UnixMessage | null>;
  /**
   * Writes all of `p`, the descriptors with its first bytes. Parks. Go: `WriteMsgUnix`.
   *
   * @returns the length of `p`
   * @throws {RangeError} when descriptors are to go along with no bytes on a stream, or they are too
   * many; {@linkcode OpError} as `write`, with "EBADF" for one that is not open
   */
  writeMsgUnix(p: Uint8Array, info: UnixSendInfo, cancel?: Cancel): Routine<number>;
}

/** A connection of "unix" or "unixpacket". Go: `net.UnixConn`. */
export interface UnixConn extends Conn, UnixMessages {
  /** This end; "@" if it has no name. */
  readonly localAddr: UnixAddr;
  /** The other end; "@" if it has no name. */
  readonly remoteAddr: UnixAddr;
  /** Who is at the other end. Never parks. @throws {OpError} when the connection is closed */
  peerCredentials(): PeerCredentials;
}

/** A socket of "unixgram". Go: `net.UnixConn`. */
export interface UnixgramConn extends PacketConn<UnixAddr>, UnixMessages {
  /** See {@linkcode UnixMessages.readMsgUnix}; it never ends. */
  readMsgUnix(p: Uint8Array, cancel?: Cancel): Routine<UnixMessage>;
}

/** A listener of "unix" or "unixpacket". Go: `net.UnixListener`. */
export interface UnixListener extends Listener {
  /** Gives the next connection. Parks. See {@linkcode Listener.accept}. */
  accept(cancel?: Cancel): Routine<UnixConn>;
  /** See {@linkcode Listener.onAccept}. */
  onAccept(): SelectCase<{ value: UnixConn; ok: true }>;
  /** Where it listens. */
  readonly addr: UnixAddr;
  /**
   * Whether `close` removes the socket's file. It does from the start if `listen` made the file, and
   * never removes one that is not the socket's any more. Go: `SetUnlinkOnClose`.
   */
  setUnlinkOnClose(on: boolean): void;
}
