// SPDX-License-Identifier: MIT
/** A goroutine-per-connection server: its listener, its connections, and its shutdown. */
import type { Addr } from "../net/addr/addr.ts";
import type { Conn, Listener } from "../net/net.ts";
import { OpError } from "../net/errors.ts";
import { descriptorOf } from "../net/socket/descriptor.ts";
import { NetFD } from "../net/socket/net_fd.ts";
import { onCancel } from "../context/abort_signal.ts";
import { background, type Context } from "../context/context.ts";
import { withCancel } from "../context/with_cancel.ts";
import { limit, type LimitedListener } from "../limit/limited_listener.ts";
import { now } from "../sched/clock.ts";
import type { G, Routine } from "../sched/goroutine.ts";
import { refuseAwait, requireRoutine, WITHOUT_OBJECT } from "../sched/misuse.ts";
import { currentRun, spawn } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import { WaitGroup } from "../sync/wait_group.ts";
import { ErrorLog } from "./error_log.ts";
import { IdleTimer } from "./idle_timer.ts";
import type { CheckedServeOptions } from "./options.ts";

/** Second argument of a handler. */
export interface ServeContext {
  /** Cancelled when the server shuts down, so that the handler can end early. */
  readonly draining: Context;
}

/** Serves one connection, which is closed when it returns. */
export type ServeHandler = (conn: Conn, context: ServeContext) => Routine<void>;

/** Counts of a server's connections, as {@linkcode serve} returns them. */
export interface ServeCounts {
  /** Connections that were accepted and handled. */
  readonly accepted: number;
  /** Connections that ended with an error. */
  readonly failed: number;
  /** Connections closed by `idleTimeout`. */
  readonly idle: number;
  /** Connections that were still open at the end of `grace`. */
  readonly cut: number;
  /** Connections that `limits` refused or closed. */
  readonly shed: number;
}

/** A connection being served. */
interface Served {
  readonly conn: Conn;
  g: G<void> | null;
  idle: IdleTimer | null;
  /** Whether the server itself closed it, so that its handler's error is not reported. */
  closed: boolean;
}

/** See the top of this file. */
export class ConnServer {
  readonly #listener: Listener;
  readonly #limited: LimitedListener | null;
  readonly #handler: ServeHandler;
  readonly #options: CheckedServeOptions;
  readonly #counts = { accepted: 0, failed: 0, idle: 0, cut: 0 };
  readonly #open = new Set<Served>();
  readonly #running = new WaitGroup();
  readonly #log = new ErrorLog();
  readonly #context: ServeContext;
  readonly #drain: () => void;
  readonly #grace = new CallTimer(() => this.#cut());
  /** Error that ends it, other than a shutdown. */
  #failure: { readonly error: unknown } | null = null;

  /** Throws TypeError if the listener does not support these limits. */
  constructor(listener: Listener, handler: ServeHandler, options: CheckedServeOptions) {
    this.#limited = options.limits === null ? null : limit(listener, options.limits);
    this.#listener = this.#limited ?? listener;
    this.#handler = handler;
    this.#options = options;
    const [draining, drain] = withCancel(background());
    this.#context = { draining };
    this.#drain = drain;
  }

  /** Serves until the listener is closed and the connections have ended. Parks. */
  *run(): Routine<ServeCounts> {
    const { context, grace } = this.#options;
    const close = () => this.#listener[Symbol.dispose]();
    const forget = context === null ? null : onCancel(context, close);
    try {
      if (context !== null && context.err !== null) close();
      yield* this.#accept();
      this.#drain();
      if (grace !== Infinity) scheduler.timers.set(this.#grace, now() + grace);
      yield* this.#running.wait();
    } finally {
      forget?.();
      scheduler.timers.stop(this.#grace);
      close();
      this.#drain();
      for (const served of [...this.#open]) this.#end(served, () => served.conn[Symbol.dispose]());
    }
    if (this.#failure !== null) throw this.#failure.error;
    return { ...this.#counts, shed: this.#shed() };
  }

  /** Accepts until the listener is closed. Throws any other failure of it. */
  *#accept(): Routine<void> {
    const listener = this.#listener;
    for (;;) {
      let conn: Conn;
      try {
        conn = yield* listener.accept();
      } catch (error) {
        if (listener.fd === -1) return;
        // The next accept is independent of a client that is already gone.
        if (error instanceof OpError && error.temporary && !error.timeout) continue;
        throw error;
      }
      this.#begin(conn);
    }
  }

  #begin(conn: Conn): void {
    const served: Served = { conn, g: null, idle: null, closed: false };
    this.#counts.accepted++;
    const body = this.#call(served);
    if (body === null) return conn[Symbol.dispose]();
    this.#open.add(served);
    this.#running.add(1);
    served.g = spawn(currentRun(), this.#handler.name || "serve", this.#serve(served, body));
  }

  /** Calls the handler; returns null if it threw. Throws TypeError if it is not a `function*`. */
  #call(served: Served): Routine<void> | null {
    const { conn } = served;
    let body: Routine<void>;
    try {
      body = this.#handler.call(WITHOUT_OBJECT, conn, this.#context);
    } catch (error) {
      this.#failed(error, served);
      return null;
    }
    try {
      requireRoutine("serve", this.#handler, body);
      if (this.#options.idleTimeout > 0) served.idle = this.#idleTimer(served);
      return body;
    } catch (error) {
      conn[Symbol.dispose]();
      throw error;
    }
  }

  *#serve(served: Served, body: Routine<void>): Routine<void> {
    try {
      yield* body;
    } catch (error) {
      this.#failed(error, served);
    } finally {
      served.conn[Symbol.dispose]();
      this.#left(served);
    }
  }

  #left(served: Served): void {
    if (!this.#open.delete(served)) return;
    served.idle?.stop();
    this.#running.done();
  }

  /** Ends the connection of an error; an error of `onError` ends the server. */
  #failed(error: unknown, served: Served): void {
    if (served.closed) return;
    this.#counts.failed++;
    const { onError } = this.#options;
    try {
      if (onError === null) this.#log.print(error, served.conn);
      else onError(error, served.conn);
    } catch (worse) {
      this.#failure ??= { error: worse };
      this.#listener[Symbol.dispose]();
      this.#cut();
    }
  }

  /** Throws TypeError if the connection has no socket, whose waits can be observed. */
  #idleTimer(served: Served): IdleTimer {
    const { conn } = served;
    const own = descriptorOf(conn);
    // A TLS connection has the underlying connection in `conn`.
    const fd = own ?? descriptorOf((conn as { conn?: unknown }).conn);
    if (!(fd instanceof NetFD)) {
      throw new TypeError(
        "Cannot serve as idleTimeout must be 0 for connections without a descriptor of their own: " +
          `current value is ${this.#options.idleTimeout}`,
      );
    }
    return new IdleTimer(fd as NetFD<Addr>, this.#options.idleTimeout, () => {
      this.#counts.idle++;
      served.closed = true;
      if (own === null) conn.abort();
      else fd.closeAtOnce();
    });
  }

  /** Closes the remaining connections at the end of the grace period. */
  #cut(): void {
    for (const served of [...this.#open]) {
      this.#counts.cut++;
      this.#end(served, () => served.conn.abort());
    }
  }

  /** Closes a connection and ends its goroutine, unless that is the current one. */
  #end(served: Served, close: () => void): void {
    served.closed = true;
    close();
    if (served.g !== null) scheduler.end(served.g as G);
    // A goroutine ended before its first turn has run no `finally` block.
    if (served.g?.status === "dead") this.#left(served);
  }

  #shed(): number {
    if (this.#limited === null) return 0;
    const { refused, closed } = this.#limited.counters;
    return [...Object.values(refused), ...Object.values(closed)].reduce((sum, n) => sum + n, 0);
  }
}

refuseAwait(ConnServer.prototype.run.prototype, "serve");
