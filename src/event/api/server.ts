// SPDX-License-Identifier: MIT
/** What the handlers of an event server know of it. Go: evio, type Server. */
import type { Addr } from "../../net/addr/addr.ts";
import type { DialOptions } from "../../net/options/options.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { EventConn } from "./conn.ts";

/** How a connection becomes one of a server's. */
export interface AdoptOptions {
  /** "tcp", as from the start, or "unix". */
  network?: string;
  /** The `addrIndex` that it is to have; -1 from the start. */
  addrIndex?: number;
}

/** A server that runs. `serving` is given it; it may be used from anywhere on the thread. */
export interface Server<C = unknown> {
  /** Where it listens, in the order of the addresses that `serve` was given. */
  readonly addrs: readonly Addr[];
  /** How many loops it has. */
  readonly numLoops: number;
  /** How many connections it has. */
  readonly connections: number;
  /** Whether it is about to end. */
  readonly closing: boolean;
  /** How many connections each loop has. */
  loads(): number[];
  /** Its connections, the newest first. */
  conns(): Iterable<EventConn<C>>;
  /** Stops accepting, at one of the addresses or at all; the kernel keeps those who come, as many as the backlog. */
  pauseAccept(addrIndex?: number): void;
  /** Goes on accepting. */
  resumeAccept(addrIndex?: number): void;
  /**
   * Connects out: what comes of it is one of the server's connections, with `addrIndex` -1. Parks;
   * from a handler: `go(() => server.dial("tcp://127.0.0.1:80"))`.
   *
   * @param address as of `serve`, of a stream
   * @param options as of `dial`
   * @param context what its `context` is when `opened` is called
   * @throws as `dial` does, and {@linkcode ClosedError} when the server is closing
   */
  dial(address: string, options?: DialOptions, context?: C): Routine<EventConn<C>>;
  /**
   * Takes over a connected descriptor, which never waits from then on (O_NONBLOCK), and closes it in
   * the end.
   *
   * @param context what its `context` is when `opened` is called
   * @throws {SyscallError} when it is no descriptor, {@linkcode RangeError} when it is no whole
   * number, {@linkcode TypeError} when it is no connection of the network or another argument is
   * wrong, and {@linkcode ClosedError} when the server is closing; it is yours then
   */
  adopt(fd: number, options?: AdoptOptions, context?: C): EventConn<C>;
  /** Ends the server: as the action. */
  shutdown(): void;
}
