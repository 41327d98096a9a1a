// SPDX-License-Identifier: MIT
/** The handlers and settings of an event server. Go: evio, type Events. */
import type { Cancel } from "../../context/cancellable.ts";
import type { Conn } from "../../net/net.ts";
import type { Action, Answer, OpenedAnswer, TickAnswer } from "./action.ts";
import type { LoadBalance } from "./balance.ts";
import type { EventConn } from "./conn.ts";
import type { Server } from "./server.ts";

/** Settings of an event server. Times are in milliseconds, sizes in bytes. */
export interface EventSettings {
  /**
   * Number of loops that share the connections; 1 by default. On one thread a loop is a goroutine
   * with its own connections: several loops take turns, so that none delays the others by more than
   * one batch, but they add no parallelism. `./reactor` runs each in its own thread.
   */
  numLoops?: number;
  /** How connections are distributed over loops; "roundRobin" by default. */
  loadBalance?: LoadBalance;
  /**
   * Idle timeout: a connection is closed if no byte is transferred in either direction; 0, the
   * default, disables it.
   */
  idleTimeout?: number;
  /**
   * High-water mark: while more than this is waiting to be sent to a connection, `write` returns
   * false and the server does not read from it; 1 MiB by default.
   */
  highWaterMark?: number;
  /**
   * Low-water mark: once no more than this is waiting, reading resumes and `drained` is called; a
   * quarter of `highWaterMark` by default.
   */
  lowWaterMark?: number;
  /**
   * Maximum output buffer: a connection that exceeds it is closed with SlowConsumerError; 16 MiB by
   * default.
   */
  maxPending?: number;
  /**
   * Maximum input buffer: a connection whose handler leaves more unread is closed with
   * UnreadLimitError; 16 MiB by default.
   */
  maxUnread?: number;
  /**
   * Upper bound of a close, counted from `close`, and of a shutdown for all connections together;
   * 30,000 by default. A slow peer receives everything within that time, and no byte in either
   * direction extends it. What has not been passed to the kernel by then is dropped and the peer is
   * reset, so that it cannot take a part for the whole; `closed` receives an `IdleTimeoutError`.
   * What the kernel has accepted is treated as by {@linkcode Conn.close}, with this as the
   * `lingerTimeout`.
   */
  closeTimeout?: number;
  /** How long a shutdown waits for all connections; `closeTimeout` by default. */
  grace?: number;
  /**
   * Context or AbortSignal that shuts the server down gracefully, as {@linkcode Server.shutdown}.
   */
  context?: Cancel;
  /** Maximum number of queued connections per address. See `listen`. */
  backlog?: number;
  /**
   * Whether the datagrams that a turn of the loop writes to a UDP address are sent by one system
   * call at its end, as by {@linkcode PacketOptions.coalesce}; true by default. The error of a
   * datagram is then passed to its `written`, or else to `onError` with null; otherwise `write`
   * throws it.
   */
  coalesce?: boolean;
}

/**
 * Handlers and settings of an event server. Every handler is optional. The loop calls them one at a
 * time, and they must not wait; use `go` to start a goroutine for longer work. An async handler, or
 * a `function*`, causes a TypeError.
 *
 * Order of calls for a connection: `opened`, then `data`, `drained` and `ended` as they occur, then
 * exactly one of `closed` and `detached`. An error thrown by a handler ends its connection and is
 * reported to `onError`.
 *
 * @typeParam C the type of `conn.context`
 */
export interface Events<C = unknown> extends EventSettings {
  /** Called once the server is listening. An error that it throws ends the server. */
  serving?(server: Server<C>): Action | undefined | void;
  /** Called for each new connection, incoming or made by `server.dial`. */
  opened?(conn: EventConn<C>): OpenedAnswer;
  /**
   * Called when bytes arrive. `input` is all unread input, valid until the handler returns. All of
   * it counts as consumed, unless the handler calls `conn.peek`, `conn.next` or `conn.discard`:
   * then unconsumed bytes are passed again, before newer ones. An empty `input` means that
   * `conn.wake` was called. For a datagram, `conn` represents its sender and is valid only until
   * the handler returns, after which it is `closing`; a datagram cannot be closed or detached.
   */
  data?(conn: EventConn<C>, input: Uint8Array): Answer;
  /**
   * Called once the output buffer, after exceeding the high-water mark, has shrunk to the low-water
   * mark.
   */
  drained?(conn: EventConn<C>): Answer;
  /**
   * Called when the peer has sent its last byte; it may still read. Without this handler, or if it
   * returns "close", the connection is closed once everything has been sent; otherwise close it
   * yourself.
   */
  ended?(conn: EventConn<C>): Answer;
  /**
   * Called exactly once when a connection has ended, unless it was detached.
   *
   * @param error the reason; null if either side closed the connection normally
   */
  closed?(conn: EventConn<C>, error: Error | null): Action | undefined | void;
  /**
   * Called when a connection has left its loop by "detach". Without this handler it is closed.
   *
   * @param stream the same connection, for goroutines; the handler owns it
   * @param rest bytes that were read and not consumed: they precede everything that `stream` reads
   */
  detached?(conn: EventConn<C>, stream: Conn, rest: Uint8Array): Action | undefined | void;
  /** Called before bytes are passed to the kernel. */
  preWrite?(): void;
  /**
   * Called once at the start, and again after the number of milliseconds that it returned; not
   * again if it returned none.
   */
  tick?(): TickAnswer;
  /**
   * Called for an error thrown by a handler; the default prints it by `console.error`. An error
   * that `onError` throws ends the server and is thrown by `serve`.
   *
   * @param conn the connection, or null if the handler was `tick`
   */
  onError?(error: unknown, conn: EventConn<C> | null): void;
}
