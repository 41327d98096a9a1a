// SPDX-License-Identifier: MIT
/** Exports of a reactor's module: its handlers, and the context that they get. */
import type { Chan } from "../chan/chan.ts";
import type { Context } from "../context/context.ts";
import type { Conn } from "../net/net.ts";
import type { UDPConn } from "../net/udp/udp.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { PostOptions, WorkerMessage } from "./mailbox.ts";

/** Context of a handler. */
export interface HandlerContext {
  /** Number of the worker, starting at 0. */
  readonly worker: number;
  /** Copy of the reactor option `data`. */
  readonly data: unknown;
  /** Cancelled when the reactor shuts down: end idle connections then. */
  readonly draining: Context;
  /**
   * Messages of the main thread and of other workers. Up to 256 wait here; the senders of further
   * ones wait, too. One goroutine receives each.
   */
  readonly messages: Chan<WorkerMessage>;
  /**
   * Sends a message to another worker, or to the main thread, where `reactor.messages` receives it.
   * Parks until it is in the receiver's queue.
   *
   * @param to number of the worker, or "main"
   * @param value copied by the structured clone algorithm
   * @param options see {@linkcode PostOptions}
   * @throws what `postMessage` throws if it cannot be copied; an Error with the `code`
   * "ERR_WORKER_ENDED" if no such worker is running
   */
  post(to: number | "main", value: unknown, options?: PostOptions): Routine<void>;
}

/**
 * Serves a connection in its own goroutine. The connection is closed when it returns. An uncaught
 * `OpError`, `UnexpectedEOFError` or `ClosedError` ends only the connection, because peers may
 * disconnect at any time. That includes goroutines that it starts, also those that outlive it. With
 * the option `tls` the connection is a `TLSConn`.
 */
export type Handler = (conn: Conn, context: HandlerContext) => Routine<void>;

/**
 * Serves the datagrams of a worker's socket, as the export `handlePackets`: see
 * {@linkcode Reactor.listenPacket}. It is called once for each socket, which is closed when it
 * returns and when the reactor shuts down; its read then fails with a `ClosedError`, which it need
 * not catch. Any other error ends the worker.
 */
export type PacketHandler = (conn: UDPConn, context: HandlerContext) => Routine<void>;

/**
 * Runs once in each worker: as the export `init` before the worker serves, as the export `end`
 * after its connections have ended. An error ends the worker. `end` does not run in a worker that
 * died or was terminated.
 */
export type WorkerHook = (context: HandlerContext) => Routine<void>;
