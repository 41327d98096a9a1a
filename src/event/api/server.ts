// SPDX-License-Identifier: MIT
/** An event server as its handlers see it. Go: evio, type Server. */
import type { Addr } from "../../net/addr/addr.ts";
import type { DialOptions } from "../../net/options/options.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { EventConn } from "./conn.ts";

/** How a connection is adopted by a server. */
export interface AdoptOptions {
  /** "tcp" (the default) or "unix". */
  network?: string;
  /** Its `addrIndex`; -1 by default. */
  addrIndex?: number;
}

/** Running event server; passed to `serving`. It may be used from anywhere on the thread. */
export interface Server<C = unknown> {
  /** Addresses it listens on, in the order of `serve`'s arguments. */
  readonly addrs: readonly Addr[];
  /** Number of loops. */
  readonly numLoops: number;
  /** Number of connections. */
  readonly connections: number;
  /** True if the server is shutting down. */
  readonly closing: boolean;
  /** Returns the number of connections of each loop. */
  loads(): number[];
  /** Iterates over its connections, newest first. */
  conns(): Iterable<EventConn<C>>;
  /**
   * Stops accepting on one address, or on all; the kernel queues new connections up to the backlog.
   * Never parks.
   */
  pauseAccept(addrIndex?: number): void;
  /** Resumes accepting. Never parks. */
  resumeAccept(addrIndex?: number): void;
  /**
   * Opens an outgoing connection that belongs to the server, with `addrIndex` -1. Parks; from a
   * handler, use `go(() => server.dial("tcp://127.0.0.1:80"))`.
   *
   * @param address a stream address, as for `serve`
   * @param options as for `dial`
   * @param context initial value of the connection's `context`
   * @throws the errors of `dial`; {@linkcode ClosedError} if the server is shutting down
   */
  dial(address: string, options?: DialOptions, context?: C): Routine<EventConn<C>>;
  /**
   * Takes ownership of a connected descriptor, makes it non-blocking (O_NONBLOCK), and closes it at
   * the end. Never parks.
   *
   * @param fd the descriptor
   * @param options see {@linkcode AdoptOptions}
   * @param context initial value of the connection's `context`
   * @throws {SyscallError} if it is not open; {@linkcode RangeError} if it is not a non-negative
   * integer; {@linkcode TypeError} if it is not a connection of that network, or another argument
   * is invalid; {@linkcode ClosedError} if the server is shutting down. The caller then still owns
   * it
   */
  adopt(fd: number, options?: AdoptOptions, context?: C): EventConn<C>;
  /** Shuts the server down, like the action "shutdown". Never parks. */
  shutdown(): void;
}
