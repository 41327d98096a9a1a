// SPDX-License-Identifier: MIT
/** A connection as a `Duplex` of `node:stream`, for code written for the host's own sockets. */
import { needMethods } from "../validate/argument.ts";
import type { Duplex } from "node:stream";
import type { Conn } from "../net/net.ts";
import { disown } from "../sched/ownership.ts";
import { outsideRun } from "../sched/spawn.ts";
import { pumpDuplex } from "./conn_pump.ts";
import { requireLoop } from "./host.ts";
import { addNetSocketMethods } from "./net_socket_methods.ts";
import { SocketPump } from "./socket_pump.ts";

/** Options of {@linkcode toDuplex}. */
export interface DuplexOptions {
  /**
   * Whether the stream may still be written to when the peer has ended its side. False by default,
   * as with `node:net`: the stream then ends, finishes and closes.
   */
  allowHalfOpen?: boolean;
}

/**
 * Returns a `Duplex` of `node:stream` over a connection, for `node:http`, `node:tls` and npm
 * clients that accept a stream or a socket. The stream takes over the connection; `destroy` closes
 * it. Never parks.
 *
 * Nothing is read before the stream is read, and no more than it has room for; a write is done when
 * the kernel has accepted it. `end` half-closes the connection. When the peer ends its side, the
 * stream ends and closes, as a `net.Socket` does, unless `allowHalfOpen` is true. Errors are those
 * of the connection, with their `code`.
 *
 * The stream has the members of a connected `net.Socket`: `setNoDelay`, `setKeepAlive`,
 * `setTimeout`, `ref`, `unref`, `address`, `remoteAddress`, `destroySoon`, `resetAndDestroy`,
 * `bytesRead`, `readyState` and the others; `connect` only emits "connect".
 *
 * Called by a goroutine of a `run`, the stream ends with that run at the latest. Made by the host's
 * code, or by a goroutine that `go` started outside a run, it lives until it is destroyed.
 *
 * @param conn a connection without other readers or writers
 * @param options see {@linkcode DuplexOptions}
 * @throws {PanicError} under `runSync`, where the host's event loop does not run
 * @example
 * ```ts
 * const conn = yield* dial("tcp", "127.0.0.1:8080");
 * const request = http.get("http://localhost/", { createConnection: () => toDuplex(conn) });
 * ```
 */
export function toDuplex(conn: Conn, options: DuplexOptions = {}): Duplex {
  requireLoop("toDuplex");
  needMethods("create a Duplex", "conn", "a Conn", conn, "chunks", "writev", "closeWrite");
  if (outsideRun()) disown(conn);
  const pump = new SocketPump(conn);
  return addNetSocketMethods(pumpDuplex(pump, options.allowHalfOpen ?? false), pump);
}
