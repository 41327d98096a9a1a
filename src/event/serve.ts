// SPDX-License-Identifier: MIT
/** Serving by events. Go: evio, Serve. */
import type { Routine } from "../sched/goroutine.ts";
import { EventServer } from "./event_server.ts";
import type { Events } from "./api/events.ts";

/**
 * Serves by callbacks until a handler answers "shutdown". Parks. It ends with its goroutine as well,
 * and then at once; `cancellable(serve(...), ctx)` ends it by a context or a signal. For a promise:
 * `run(() => serve(...))`. Without an address it serves what is dialled or adopted.
 *
 * @param events the handlers and the settings
 * @param addresses "tcp://127.0.0.1:80", "tcp6://[::1]:80?reuseport=true", "udp://:53", "unix:///run/x",
 * "unix://@abstract"; without a network, TCP
 * @throws {OpError} as `listen` does; {@linkcode TypeError} when an argument is wrong; what `serving`
 * or `onError` threw
 * @example
 * ```ts
 * await run(() => serve({ data: (_conn, input) => input }, "tcp://127.0.0.1:8080"));
 * ```
 */
export function serve<C = unknown>(events: Events<C>, ...addresses: string[]): Routine<void> {
  return new EventServer<C>(events).serve(addresses);
}
