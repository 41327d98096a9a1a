// SPDX-License-Identifier: MIT
/** What a connection and a listener can do, whatever the network. Go: net/net.go. */
import type { Chunks } from "../fd/chunks.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { SelectCase } from "../chan/select_case.ts";
import type { Addr } from "./addr/addr.ts";
import type { Deadline } from "./deadline.ts";

/** How keep-alive probes are sent. Go: `net.KeepAliveConfig`. Values left out stay as they are. */
export interface KeepAlive {
  /** Milliseconds of silence before the first probe; the kernel counts whole seconds. */
  idle?: number;
  /** Milliseconds between probes; the kernel counts whole seconds. */
  interval?: number;
  /** Probes without an answer before the connection is given up. */
  count?: number;
}

/**
 * A stream between two ends. Go: `net.Conn`.
 *
 * One goroutine may read while another writes. More than one reader, or writer, take turns, first
 * come, first served. Methods that are called with `yield*` may park; the others never do.
 */
export interface Conn extends Disposable {
  /**
   * Reads once, up to the length of `p`. Parks until something has come.
   *
   * @param p where the bytes go; may be used again at once after the call
   * @param cancel ends the call early: a context, or a signal of the host
   * @returns how many came; null at the end of the stream; 0 at once if `p` is empty
   * @throws {OpError} when the connection failed, was closed, or its read deadline passed; with a
   * {@linkcode CanceledError} when `cancel` came first, and then no byte was taken
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
   * @throws {UnexpectedEOFError} when it ended within `p`; {@linkcode OpError} as `read`. Either
   * says in `bytesRead` how much of `p` it had filled
   */
  readFull(p: Uint8Array, cancel?: Cancel): Routine<number | null>;
  /**
   * Waits until a read would not have to wait, and holds no buffer meanwhile. Parks. That includes
   * the end of the stream.
   *
   * @throws {OpError} when the connection is closed or its read deadline passed
   */
  readable(cancel?: Cancel): Routine<void>;
  /**
   * Reads piece by piece through a buffer that all connections of the thread share, so that an idle
   * connection holds none. Give it up, or take turns with `read`: the pieces go to whoever asks first.
   */
  chunks(): Chunks;
  /**
   * Writes all of `p`. Parks while the peer is slow.
   *
   * @param p what to write; may be used again at once after the call
   * @param cancel ends the call early, as that of `read`
   * @returns the length of `p`
   * @throws {OpError} whose `bytesWritten` says how much went out before it
   */
  write(p: Uint8Array, cancel?: Cancel): Routine<number>;
  /**
   * Writes all of `pieces`, one behind the other, without putting them together first. Parks while
   * the peer is slow. Go: `net.Buffers`. sendmsg(2).
   *
   * @param pieces what to write; may be used again at once after the call
   * @param cancel ends the call early, as that of `read`
   * @returns the length of all of them
   * @throws {OpError} whose `bytesWritten` says how much went out before it
   * @example
   * ```ts
   * yield* conn.writev([header, body]);
   * ```
   */
  writev(pieces: readonly Uint8Array[], cancel?: Cancel): Routine<number>;
  /** The case of a `select` that happens when a read would not have to wait. It reads nothing. */
  onReadable(): SelectCase<{ value: undefined; ok: true }>;
  /** The case of a `select` that happens when a write would not have to wait. It writes nothing. */
  onWritable(): SelectCase<{ value: undefined; ok: true }>;
  /**
   * Closes both directions. What `write` accepted still reaches a peer that goes on reading; parked
   * calls end with `ClosedError`.
   *
   * @throws {OpError} with a `ClosedError` when it was closed before
   */
  close(): void;
  /** Shuts down the reading side. @throws {OpError} when it is closed */
  closeRead(): void;
  /** Shuts down the writing side: the peer reads the end of the stream. @throws {OpError} when it is closed */
  closeWrite(): void;
  /** Closes at once and resets the connection: what the peer has not yet read may be lost. */
  abort(): void;
  /**
   * Gives the descriptor up: it is yours, to be closed with `closeFd` or given to another process.
   * It stays non-blocking and close-on-exec; the poller has forgotten it. Here it counts as closed:
   * parked calls end with `ClosedError`. Go: `File`, which makes a copy.
   *
   * @returns its number
   * @throws {OpError} when it was closed before, or there is no descriptor
   */
  detach(): number;
  /** This end. */
  readonly localAddr: Addr;
  /** The other end. */
  readonly remoteAddr: Addr;
  /** The descriptor's number, or -1 when closed. It stays the connection's own. */
  readonly fd: number;
  /**
   * Sets when reads and writes fail, those that wait now and those to come. Go: `SetDeadline`.
   *
   * @param at a Date, milliseconds since the epoch, or null for never; a past time fails them at once
   * @throws {RangeError} when it is no time; {@linkcode OpError} when the connection is closed
   */
  setDeadline(at: Deadline): void;
  /** As `setDeadline`, for reads alone. */
  setReadDeadline(at: Deadline): void;
  /** As `setDeadline`, for writes alone. A write that fails half-way says how much went out. */
  setWriteDeadline(at: Deadline): void;
  /** Whether small writes go out at once (they do from the start, as in Go). tcp(7), TCP_NODELAY. */
  setNoDelay(on: boolean): void;
  /** Probes of a silent peer: off, on, or on with these times (15 s, 15 s from the start, as in Go). */
  setKeepAlive(on: boolean | KeepAlive): void;
  /**
   * What `close` does with unsent bytes: null, the kernel goes on sending; 0, they are dropped and
   * the peer is reset; more, it goes on for so many seconds. socket(7), SO_LINGER.
   */
  setLinger(seconds: number | null): void;
  /** Asks for a receive buffer of so many bytes. socket(7), SO_RCVBUF. */
  setReadBuffer(bytes: number): void;
  /** Asks for a send buffer of so many bytes. socket(7), SO_SNDBUF. */
  setWriteBuffer(bytes: number): void;
  /** Closes it unless it is closed. */
  [Symbol.dispose](): void;
}

/** Waits for connections. Go: `net.Listener`. */
export interface Listener extends Disposable {
  /**
   * Gives the next connection. Parks until there is one. With no descriptor left it waits until
   * there is one again, and refuses what has queued up meanwhile.
   *
   * @param cancel ends the call early, as that of {@linkcode Conn.read}; no connection is lost
   * @throws {OpError} when the listener is closed or its deadline passed
   */
  accept(cancel?: Cancel): Routine<Conn>;
  /**
   * The case of a `select` that happens when there is a connection, which is its value. A connection
   * of a case that did not happen is not lost: the next accept gets it. `select` throws what
   * `accept` would.
   */
  onAccept(): SelectCase<{ value: Conn; ok: true }>;
  /** Closes it; parked calls end with `ClosedError`. @throws {OpError} when it was closed before */
  close(): void;
  /**
   * Gives the descriptor up, as {@linkcode Conn.detach}. It goes on listening: connections queue up
   * until whoever has it now accepts them. The file of a Unix socket stays.
   */
  detach(): number;
  /** Where it listens, the port chosen by the system included. */
  readonly addr: Addr;
  /** The descriptor's number, or -1 when closed. It stays the listener's own. */
  readonly fd: number;
  /** Sets when `accept` fails, as {@linkcode Conn.setDeadline}. */
  setDeadline(at: Deadline): void;
  /** Closes it unless it is closed. */
  [Symbol.dispose](): void;
}
