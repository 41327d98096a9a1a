// SPDX-License-Identifier: MIT
/** Interface of Unix sockets. Go: net/unixsock.go. */
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Conn, Listener } from "../net.ts";
import type { PacketConn } from "../socket/packet_conn.ts";
import type { UnixAddr } from "../addr/unix_addr.ts";

/** Result of {@linkcode UnixMessages.readMsgUnix}. */
export interface UnixMessage {
  /** Number of bytes in the buffer. */
  readonly n: number;
  /**
   * Received descriptors. The caller owns them: close them, or pass them to `fileConn` and similar
   * functions. They are close-on-exec.
   */
  readonly fds: readonly number[];
  /** Sender; "@" if it has no name, as on a stream. */
  readonly addr: UnixAddr;
  /** True if a packet was longer than the buffer; the rest is lost. */
  readonly truncated: boolean;
  /** True if more descriptors were passed than this process may open; all of them were closed. */
  readonly controlTruncated: boolean;
}

/** Additional data for {@linkcode UnixMessages.writeMsgUnix}. */
export interface UnixSendInfo {
  /** Descriptors to pass, at most 253. They stay open here; the receiver gets duplicates. */
  readonly fds?: readonly number[];
  /** Destination, on an unconnected datagram socket. */
  readonly addr?: UnixAddr;
}

/** Process at the other end. unix(7), SO_PEERCRED. */
export interface PeerCredentials {
  /**
   * Process ID at the time of its connect or listen; the process may have ended since, and its ID
   * been reused.
   */
  readonly pid: number;
  /** User ID. */
  readonly uid: number;
  /** Group ID. */
  readonly gid: number;
}

/** Passes descriptors to another process. */
export interface UnixMessages {
  /**
   * Reads once, together with passed descriptors. Parks. An ordinary `read` loses them: the system
   * closes them. Go: `ReadMsgUnix`.
   *
   * @returns the message, or null at the end of a stream
   * @throws {OpError} as `read`
   * @example
   * ```ts
   * using conn = yield* dial("unix", "/run/app.sock");
   * const message = yield* conn.readMsgUnix(buf);
   * for (const fd of message?.fds ?? []) go(handle, fileConn(fd, { own: true }));
   * ```
   */
  readMsgUnix(p: Uint8Array, cancel?: Cancel): Routine<UnixMessage | null>;
  /**
   * Writes all of `p`, with the descriptors attached to its first bytes. Parks. Go: `WriteMsgUnix`.
   *
   * @returns the length of `p`
   * @throws {RangeError} if descriptors are passed without data on a stream, or there are too many
   * of them; {@linkcode OpError} as `write`, with "EBADF" if one is not open; its `bytesWritten` is
   * the number of bytes sent, and from the first byte on the descriptors are sent, too
   */
  writeMsgUnix(p: Uint8Array, info: UnixSendInfo, cancel?: Cancel): Routine<number>;
}

/** Connection on "unix" or "unixpacket". Go: `net.UnixConn`. */
export interface UnixConn extends Conn, UnixMessages {
  /** Local address; "@" if it has no name. */
  readonly localAddr: UnixAddr;
  /** Remote address; "@" if it has no name. */
  readonly remoteAddr: UnixAddr;
  /**
   * Returns the process at the other end. Never parks. @throws {OpError} if the connection is
   * closed
   */
  peerCredentials(): PeerCredentials;
}

/** Datagram socket on "unixgram". Go: `net.UnixConn`. */
export interface UnixgramConn extends PacketConn<UnixAddr>, UnixMessages {
  /** See {@linkcode UnixMessages.readMsgUnix}; never returns null. */
  readMsgUnix(p: Uint8Array, cancel?: Cancel): Routine<UnixMessage>;
}

/** Listener on "unix" or "unixpacket". Go: `net.UnixListener`. */
export interface UnixListener extends Listener {
  /** Returns the next connection. Parks. See {@linkcode Listener.accept}. */
  accept(cancel?: Cancel): Routine<UnixConn>;
  /** See {@linkcode Listener.onAccept}. */
  onAccept(): SelectCase<{ value: UnixConn; ok: true }>;
  /** Address it listens on. */
  readonly addr: UnixAddr;
  /**
   * Sets whether `close` removes the socket file. True by default if `listen` created the file; a
   * file that no longer belongs to the socket is never removed. Go: `SetUnlinkOnClose`.
   */
  setUnlinkOnClose(on: boolean): void;
}
