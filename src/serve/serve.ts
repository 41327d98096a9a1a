// SPDX-License-Identifier: MIT
/** Serving by goroutines. Go: net/http, Server.Serve, for any protocol. */
import type { Listener } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { requireFunction } from "../sched/misuse.ts";
import { needMethods } from "../validate/argument.ts";
import { ConnServer, type ServeCounts, type ServeHandler } from "./conn_server.ts";
import { checkServeOptions, type ServeOptions } from "./options.ts";
import { alwaysNoted } from "../sched/calls.ts";

/**
 * Accepts connections and runs `handler` for each in a goroutine of its own. An error of a
 * connection ends that connection only. The connection is closed when its handler returns or
 * throws. Parks until the listener is closed, by `context` or otherwise, and the connections have
 * ended.
 *
 * A goroutine that a handler starts with `go` is not part of its connection: an error that it does
 * not catch ends the run. Start it in a {@linkcode scope}, whose errors are the handler's.
 *
 * It also ends with its goroutine, then immediately: `cancellable(serve(...), ctx)` ends it without
 * `grace`. Servers on all cores and servers of callbacks have the same verb: `serve` of `./reactor`
 * and of `./event`.
 *
 * @param listener a listener returned by `listen` or `tlsListen`; `serve` closes it at the end
 * @param handler a `function*`, called with the connection and a {@linkcode ServeContext}
 * @param options see {@linkcode ServeOptions}
 * @returns counts of the connections
 * @throws {TypeError} for an invalid argument, naming it, and if `handler` is not a `function*`;
 * {@linkcode OpError} if the listener fails; the error that `onError` threw
 * @example
 * ```ts
 * using listener = yield* listen("tcp", "127.0.0.1:7007");
 * const { context } = notify("SIGINT", "SIGTERM");
 * const { accepted } = yield* serve(listener, handle, { context, idleTimeout: 60_000 });
 * ```
 */
export function serve(
  listener: Listener,
  handler: ServeHandler,
  options: ServeOptions = {},
): Routine<ServeCounts> {
  needMethods("serve", "listener", "a listener, as listen returns", listener, "accept", "close");
  requireFunction("serve", handler, serve);
  return alwaysNoted("serve", new ConnServer(listener, handler, checkServeOptions(options)).run());
}
