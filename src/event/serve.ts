// SPDX-License-Identifier: MIT
/** Serving by events. Go: evio, Serve. */
import type { Routine } from "../sched/goroutine.ts";
import { EventServer } from "./event_server.ts";
import type { Events } from "./api/events.ts";
import { alwaysNoted } from "../sched/calls.ts";

/**
 * Runs an event server until a handler returns "shutdown" or calls `server.shutdown()`. Parks. It
 * also ends with its goroutine, then immediately; `cancellable(serve(...), ctx)` ends it by a
 * context or a signal. As a promise: `run(() => serve(...))`. Without addresses it serves only
 * dialled and adopted connections. Go: evio, `Serve`.
 *
 * @param events the handlers and settings
 * @param addresses such as "tcp://127.0.0.1:80", "tcp6://[::1]:80?reuseport=true", "udp://:53",
 * "unix:///run/x", "unix://@abstract"; TCP if no network is given
 * @throws {OpError} as `listen`; {@linkcode TypeError} for an invalid argument; the error that
 * `serving` or `onError` threw
 * @example
 * ```ts
 * await run(() => serve({ data: (_conn, input) => input }, "tcp://127.0.0.1:8080"));
 * ```
 */
export function serve<C = unknown>(events: Events<C>, ...addresses: string[]): Routine<void> {
  return alwaysNoted("serve", new EventServer<C>(events).serve(addresses));
}
