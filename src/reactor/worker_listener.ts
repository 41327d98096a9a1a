// SPDX-License-Identifier: MIT
/** A worker's own listener: the kernel distributes connections, by SO_REUSEPORT. */
import type { Addr } from "../net/addr/addr.ts";
import { listen } from "../net/listen.ts";
import type { Conn } from "../net/net.ts";
import type { StreamListener } from "../net/socket/stream_listener.ts";
import type { Routine } from "../sched/goroutine.ts";
import { checkLimits } from "../limit/limit_options.ts";
import { LimitedListener } from "../limit/limited_listener.ts";
import type { ParentPort } from "../worker/parent_port.ts";
import { pack } from "../worker/error_codec.ts";
import type { ToWorker } from "../worker/protocol.ts";
import type { ShedReports } from "../worker/shed_reports.ts";

/** Server of the accepted connections. */
export interface Server {
  serve(conn: Conn): void;
  /** Called when a served connection is closed. */
  closed(): void;
}

/** See the top of this file. */
export class WorkerListener {
  readonly #server: Server;
  readonly #main: ParentPort;
  readonly #wish: ToWorker & { type: "listen" };
  readonly #shed: ShedReports;
  #listener: LimitedListener | null = null;
  #stopped = false;

  constructor(
    server: Server,
    main: ParentPort,
    wish: ToWorker & { type: "listen" },
    shed: ShedReports,
  ) {
    this.#server = server;
    this.#main = main;
    this.#wish = wish;
    this.#shed = shed;
  }

  /** Listens, reports that or why not, and accepts until it is stopped. Parks. */
  *run(): Routine<void> {
    const { listener: number } = this.#wish;
    let listener: LimitedListener;
    try {
      listener = this.#listener = yield* this.#listen();
    } catch (error) {
      this.#main.post({ type: "listening", listener: number, error: pack(error) });
      return;
    }
    this.#main.post({ type: "listening", listener: number, error: null });
    if (this.#stopped) return listener.close();
    try {
      for (;;) this.#server.serve(yield* listener.accept());
    } catch (error) {
      if (listener.fd !== -1) throw error;
    }
  }

  /** Serves the queued connections, since the kernel resets the queue of a listener that closes. */
  stop(): void {
    this.#stopped = true;
    const listener = this.#listener;
    if (listener === null || listener.fd === -1) return;
    for (const conn of listener.rest()) this.#server.serve(conn);
    listener.close();
  }

  /** Closes its connections, without waiting for anything. */
  closeAll(): void {
    this.#listener?.closeAll();
  }

  *#listen(): Routine<LimitedListener> {
    const { network, address, options, limits } = this.#wish;
    const checked = checkLimits("listen", { ...limits, onShed: this.#shed.add });
    const inner = yield* listen(network, address, { ...options, reusePort: true });
    return new LimitedListener(
      inner as unknown as StreamListener<Addr, Conn>,
      checked,
      () => this.#server.closed(),
    );
  }
}
