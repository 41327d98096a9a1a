// SPDX-License-Identifier: MIT
/** Serves a worker's connections by a table of events: each worker runs a server of its own. */
import { platform } from "../../platforms/platform.ts";
import type { EventServer } from "../event/event_server.ts";
import type { Events } from "../event/api/events.ts";
import { serve } from "../event/serve.ts";
import { streamNet } from "../event/conn/stream_net.ts";
import { DESCRIPTOR } from "../net/socket/descriptor.ts";
import type { Addr } from "../net/addr/addr.ts";
import type { Conn } from "../net/net.ts";
import type { NetFD } from "../net/socket/net_fd.ts";
import type { Routine } from "../sched/goroutine.ts";

/** Handles an error that no handler of the table caught, and the peer whose connection it ended. */
export type EventPanic = (error: unknown, remote: string) => void;

/** See the top of this file. */
export class EventWorker {
  readonly #events: Events;
  readonly #panic: EventPanic;
  #server: EventServer<unknown> | null = null;

  constructor(events: Events, panic: EventPanic) {
    this.#events = events;
    this.#panic = panic;
  }

  /** Serves until a handler shuts it down. Parks. Throws what `serving` or `onError` throws. */
  run(): Routine<void> {
    const events = this.#events;
    return serve({
      ...events,
      serving: (server) => {
        this.#server = server as EventServer<unknown>;
        return events.serving?.(server);
      },
      onError: (error, conn) => {
        if (events.onError !== undefined) return events.onError(error, conn);
        this.#panic(error, String(conn?.remoteAddr ?? ""));
      },
    });
  }

  /** Takes over a connection. It counts until its descriptor is free, also as a goroutine's. */
  take(conn: Conn): void {
    const server = this.#server;
    if (server === null || server.closing) return conn.abort();
    const fd = (conn as unknown as { [DESCRIPTOR]: NetFD<Addr> })[DESCRIPTOR];
    const { onFreed } = fd;
    fd.onFreed = null;
    const sysfd = conn.detach();
    fd.onFreed = onFreed;
    try {
      server.take(sysfd, streamNet(fd.net), -1).tracked = fd;
    } catch {
      // The poller refuses it, and no other connection is affected.
      platform().sockets.close(sysfd);
      onFreed?.();
    }
  }
}
