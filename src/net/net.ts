// SPDX-License-Identifier: MIT
/** Interfaces of connections and listeners on any network. Go: net/net.go. */
import type { Chunks } from "../fd/chunks.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { SelectCase } from "../chan/select_case.ts";
import type { Addr } from "./addr/addr.ts";
import type { Deadline } from "./deadline.ts";

/**
 * Settings of TCP keep-alive probes. Omitted values are left unchanged. Go: `net.KeepAliveConfig`.
 */
export interface KeepAlive {
  /** Idle time before the first probe, in milliseconds; the kernel counts whole seconds. */
  idle?: number;
  /** Time between probes, in milliseconds; the kernel counts whole seconds. */
  interval?: number;
  /** Number of unanswered probes after which the connection is dropped. */
  count?: number;
}

/**
 * Stream connection. Go: `net.Conn`.
 *
 * One goroutine may read while another writes. Several readers, or several writers, take turns,
 * first come, first served. Methods that return a {@linkcode Routine} may park; the others never
 * do.
 */
export interface Conn extends Disposable {
  /**
   * Reads once, up to the length of `p`. Parks until data arrives.
   *
   * @param p the buffer to fill; may be reused after the call
   * @param cancel a context or an AbortSignal that cancels the call
   * @returns the number of bytes read; null at the end of the stream; 0 at once if `p` is empty
   * @throws {OpError} if the connection failed, was closed, or its read deadline is exceeded; with
   * a {@linkcode CanceledError} if the call is cancelled, in which case no byte was read
   * @example
   * ```ts
   * for (let n; (n = yield* conn.read(buf)) !== null;) handle(buf.subarray(0, n));
   * ```
   */
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null>;
  /**
   * Reads until `p` is full. Parks. Go: `io.ReadFull`.
   *
   * @returns the length of `p`, or null if the stream ended before the first byte
   * @throws {UnexpectedEOFError} if the stream ended before `p` was full; {@linkcode OpError} as
   * `read`. Both have `bytesRead`, the number of bytes in `p`
   */
  readFull(p: Uint8Array, cancel?: Cancel): Routine<number | null>;
  /**
   * Waits until a read would not have to wait, including at the end of the stream. Holds no buffer
   * while it waits. Parks.
   *
   * @throws {OpError} if the connection is closed or its read deadline is exceeded
   */
  readable(cancel?: Cancel): Routine<void>;
  /**
   * Returns a reader that uses a buffer shared by all connections of the thread, so an idle
   * connection holds no buffer. Do not mix it with concurrent `read` calls: each chunk goes to
   * whichever asks first.
   */
  chunks(): Chunks;
  /**
   * Writes all of `p`. Parks while the send buffer is full.
   *
   * @param p bytes, which may be reused after the call, or text, which is sent as UTF-8
   * @param cancel cancels the call, as for `read`
   * @returns the length of `p` in bytes
   * @throws {OpError} whose `bytesWritten` is the number of bytes sent before the failure
   */
  write(p: Uint8Array | string, cancel?: Cancel): Routine<number>;
  /**
   * Writes all `pieces` in order, without joining them first. Parks while the send buffer is full.
   * Go: `net.Buffers`. sendmsg(2).
   *
   * @param pieces the bytes to write; may be reused after the call
   * @param cancel cancels the call, as for `read`
   * @returns their total length
   * @throws {OpError} whose `bytesWritten` is the number of bytes sent before the failure
   * @example
   * ```ts
   * yield* conn.writev([header, body]);
   * ```
   */
  writev(pieces: readonly Uint8Array[], cancel?: Cancel): Routine<number>;
  /** Returns a `select` case that is ready when a read would not have to wait. It reads nothing. */
  onReadable(): SelectCase<{ value: undefined; ok: true }>;
  /**
   * Returns a `select` case that is ready when a write would not have to wait. It writes nothing.
   */
  onWritable(): SelectCase<{ value: undefined; ok: true }>;
  /**
   * Closes both directions; parked calls fail with `ClosedError`. Never parks. A second close does
   * nothing.
   *
   * Data that `write` accepted is still delivered. A TCP connection lingers for that after `close`
   * has returned: it shuts down the writing side, discards incoming data, and closes its descriptor
   * when the peer has ended its side, or has acknowledged everything and is silent for 0.5 s.
   * Bounds count from the close, and nothing that the peer sends extends them: 5 s once everything
   * is acknowledged, `lingerTimeout` (30 s) otherwise, and the `grace` of the run. At a bound comes
   * a plain close(2): the kernel keeps delivering, and resets only a peer that still sends.
   * Connections that linger are the first to go at a limit or when descriptors run out, and there
   * are at most 1,024 of them per thread and 256 per address.
   *
   * A connection to which nothing was written has nothing to deliver and is closed at once: if it
   * has unread input, the peer reads ECONNRESET, as in Go.
   *
   * If others hold the descriptor too, only this number is closed: see {@linkcode shareFd}.
   */
  close(): void;
  /**
   * Ends the reading side: reads return what has come, then null. Unix sockets: shutdown(2),
   * SHUT_RD, and the peer's writes fail. TCP: this side alone, as Linux would reset a peer that
   * keeps sending. Does nothing if the connection is closed or the peer is gone.
   */
  closeRead(): void;
  /**
   * Shuts down the writing side: the peer reads the end of the stream. shutdown(2), SHUT_WR. Does
   * nothing if the connection is closed or the peer is gone.
   */
  closeWrite(): void;
  /**
   * Closes at once and resets the connection: data that the peer has not read yet may be lost. Unix
   * sockets have no reset: the peer reads what was written and then ECONNRESET if this side has
   * unread input, else the end of the stream. Does nothing if the connection is closed.
   */
  abort(): void;
  /**
   * Gives up the descriptor: the caller owns it, and closes it with `closeFd` or passes it to
   * another process. It stays non-blocking and close-on-exec, and is removed from the poller. The
   * connection then counts as closed: parked calls fail with `ClosedError`. Go: `File`, which makes
   * a duplicate.
   *
   * @returns the descriptor
   * @throws {OpError} if the connection is closed, or has no descriptor
   */
  detach(): number;
  /** Local address. */
  readonly localAddr: Addr;
  /** Remote address. */
  readonly remoteAddr: Addr;
  /** Descriptor, or -1 once closed. It remains owned by the connection. */
  readonly fd: number;
  /**
   * Sets the deadline of pending and future reads and writes. Go: `SetDeadline`.
   *
   * @param at a Date, milliseconds since the epoch, or null for no deadline; a time in the past
   * makes calls fail at once
   * @throws {RangeError} if `at` is not a time; {@linkcode OpError} if the connection is closed
   */
  setDeadline(at: Deadline): void;
  /** Sets the deadline of reads only. See `setDeadline`. */
  setReadDeadline(at: Deadline): void;
  /**
   * Sets the deadline of writes only. The error of a partial write has `bytesWritten`. See
   * `setDeadline`.
   */
  setWriteDeadline(at: Deadline): void;
  /** Sets whether small writes are sent at once; on by default, as in Go. tcp(7), TCP_NODELAY. */
  setNoDelay(on: boolean): void;
  /** Turns keep-alive probes off or on, or sets their intervals; by default 15 s each, as in Go. */
  setKeepAlive(on: boolean | KeepAlive): void;
  /**
   * Sets what `close` does with unsent data: null, the kernel keeps sending it; 0, it is dropped
   * and the connection is reset; otherwise the kernel tries for that many seconds. socket(7),
   * SO_LINGER.
   */
  setLinger(seconds: number | null): void;
  /** Sets the size of the receive buffer, in bytes. socket(7), SO_RCVBUF. */
  setReadBuffer(bytes: number): void;
  /** Sets the size of the send buffer, in bytes. socket(7), SO_SNDBUF. */
  setWriteBuffer(bytes: number): void;
  /** Closes the connection unless it is already closed. */
  [Symbol.dispose](): void;
}

/** Stream listener. Go: `net.Listener`. */
export interface Listener extends Disposable {
  /**
   * Returns the next connection. Parks until there is one. If the process runs out of descriptors
   * (EMFILE), it backs off, and drops connections that have queued up in the meantime.
   *
   * @param cancel cancels the call, as for {@linkcode Conn.read}; no connection is lost
   * @throws {OpError} if the listener is closed or its deadline is exceeded
   */
  accept(cancel?: Cancel): Routine<Conn>;
  /**
   * Returns a `select` case that is ready when there is a connection, which is its value. If
   * another case is chosen, the connection is not lost: the next accept returns it. `select` throws
   * what `accept` would throw.
   */
  onAccept(): SelectCase<{ value: Conn; ok: true }>;
  /**
   * Closes the listener; parked calls fail with `ClosedError`. Its address is free at once. It is a
   * bare close(2), so that others who hold the listener keep accepting. Never parks. A second close
   * does nothing.
   */
  close(): void;
  /**
   * Gives up the descriptor, as {@linkcode Conn.detach}. It keeps listening: connections queue up
   * until the new owner accepts them. The file of a Unix socket is not removed.
   */
  detach(): number;
  /** Address it listens on, with the port that the system chose. */
  readonly addr: Addr;
  /** Descriptor, or -1 once closed. It remains owned by the listener. */
  readonly fd: number;
  /** Sets the deadline of `accept`, as {@linkcode Conn.setDeadline}. */
  setDeadline(at: Deadline): void;
  /** Closes the listener unless it is already closed. */
  [Symbol.dispose](): void;
}
