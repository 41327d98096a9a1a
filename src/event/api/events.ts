// SPDX-License-Identifier: MIT
/** The table of handlers and settings that a server is made of. Go: evio, type Events. */
import type { Conn } from "../../net/net.ts";
import type { Action, Answer, OpenedAnswer, TickAnswer } from "./action.ts";
import type { LoadBalance } from "./balance.ts";
import type { EventConn } from "./conn.ts";
import type { Server } from "./server.ts";

/** Settings of a server. Times are milliseconds, sizes are bytes. */
export interface EventSettings {
  /**
   * How many loops the connections are shared out among; 1 from the start. On one thread a loop is a
   * goroutine with connections of its own: several take turns, so that none keeps the others from
   * theirs for longer than a batch, but they do not make anything faster. `./reactor` gives each a
   * thread.
   */
  numLoops?: number;
  /** Which loop a connection goes to; "roundRobin" from the start. */
  loadBalance?: LoadBalance;
  /** A connection without a byte in either direction for so long is closed; 0, as from the start: never. */
  idleTimeout?: number;
  /**
   * While more than this waits to be sent to a connection, `write` gives false and nothing is read
   * from it; 1 MiB from the start.
   */
  highWaterMark?: number;
  /** When no more than this is left, reading goes on and `drained` is called; a quarter of the high mark from the start. */
  lowWaterMark?: number;
  /** A connection for which more than this would wait is closed with SlowConsumerError; 16 MiB from the start. */
  maxPending?: number;
  /** A connection whose handler leaves more than this unread is closed with UnreadLimitError; 16 MiB from the start. */
  maxUnread?: number;
  /**
   * How long a connection that is to be closed waits for a peer that takes nothing of what is still to
   * be sent, and how long a shutdown waits for all of them at most; 5,000 from the start.
   */
  closeTimeout?: number;
  /** Connections that may wait to be accepted, for every address. See `listen`. */
  backlog?: number;
}

/**
 * What a server does, and its settings. Every handler may be left out. They are called by the loop,
 * one at a time, and must not wait; `go` starts a goroutine for what takes longer.
 *
 * A handler that is async or a `function*` gives what nobody waits for: that is a TypeError.
 *
 * For a connection the order is `opened`, then `data`, `drained` and `ended` as they come, then once
 * either `closed` or `detached`. A handler that throws ends its connection, and `onError` is told.
 *
 * @typeParam C what `conn.context` is
 */
export interface Events<C = unknown> extends EventSettings {
  /** The server listens. An error that it throws ends the server. */
  serving?(server: Server<C>): Action | undefined | void;
  /** A connection has come, or was made by `server.dial`. */
  opened?(conn: EventConn<C>): OpenedAnswer;
  /**
   * Bytes have come. `input` is all that is unread; it is lent, and yours until the handler returns.
   * It counts as read, all of it, unless the handler calls `conn.peek`, `conn.next` or
   * `conn.discard`: then what those have not taken comes again, before what comes next. An empty
   * `input` means that `conn.wake` was called. For a datagram `conn` stands for its sender, and is
   * lent as well: it is `closing` when the handler has returned. A datagram has nothing to close or
   * to detach.
   */
  data?(conn: EventConn<C>, input: Uint8Array): Answer;
  /** After a time above the high mark, no more than the low mark waits to be sent. */
  drained?(conn: EventConn<C>): Answer;
  /**
   * The peer has sent its last byte, and may still read. Without this handler, or when it answers
   * "close", the connection is closed when everything has been sent; else you close it.
   */
  ended?(conn: EventConn<C>): Answer;
  /**
   * A connection is over. Called exactly once, however it ended, unless it was detached.
   *
   * @param error why: null if one of the two sides closed it in order
   */
  closed?(conn: EventConn<C>, error: Error | null): Action | undefined | void;
  /**
   * A connection has left its loop, as "detach" asked for. Without this handler it is closed.
   *
   * @param stream the same connection, for goroutines; yours to close
   * @param rest what was read and not taken: it comes before anything that `stream` reads
   */
  detached?(conn: EventConn<C>, stream: Conn, rest: Uint8Array): Action | undefined | void;
  /** Bytes are about to be handed to the kernel. */
  preWrite?(): void;
  /**
   * Is called at the start, and again after as many milliseconds as it gave last; never again if it
   * gave none.
   */
  tick?(): TickAnswer;
  /**
   * A handler threw. Without this one it is printed by `console.error`. What this one throws ends the
   * server, and is thrown by `serve`.
   *
   * @param conn the connection, or null if the handler was `tick`
   */
  onError?(error: unknown, conn: EventConn<C> | null): void;
}
