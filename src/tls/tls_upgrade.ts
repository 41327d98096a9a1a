// SPDX-License-Identifier: MIT
/**
 * TLS over an existing connection: after STARTTLS, through a proxy (CONNECT, SOCKS), over a
 * `pipe()` or another TLS connection. Go: crypto/tls/tls.go, Server and Client.
 */
import { splitHostPort } from "../net/addr/host_port.ts";
import { OpError } from "../net/errors.ts";
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { currentRun, spawn } from "../sched/spawn.ts";
import { needMethods } from "../validate/argument.ts";
import { engineOf } from "./choose_engine.ts";
import { tracked } from "./tracked.ts";
import type { TLSConn } from "./tls.ts";
import { TLSError } from "./tls_error.ts";
import {
  checkClientOptions,
  checkServerOptions,
  type TLSClientOptions,
  type TLSServerOptions,
} from "./tls_options.ts";

/**
 * Secures `conn` as its server. The handshake goes on by itself, within `handshakeTimeout`; reads
 * and writes wait for it, and throw what it fails with. From then on the TLS connection has `conn`.
 * Never parks. Go: `tls.Server`.
 *
 * Options are read anew for every connection. For many connections {@linkcode tlsListen} or
 * {@linkcode tlsListener} are faster.
 *
 * @param conn any connection that no other code reads or writes any more
 * @param options `cert` and `key` are required
 * @throws {TypeError} for an invalid option; {@linkcode OpError} of "handshake" if `conn` has a
 * `buffered` other than 0: plaintext that was read ahead of the handshake may have been injected.
 * The connection of `BufferedReader.detachConn` is not checked, as its unread bytes may be a
 * ClientHello: check that the reader's `buffered` is 0 after a command such as STARTTLS
 * @example
 * ```ts
 * yield* conn.write("220 go ahead\r\n");
 * using secure = tlsServer(conn, { cert, key });
 * ```
 */
export function tlsServer(conn: Conn, options: TLSServerOptions): TLSConn {
  const call = "start TLS as server";
  const tls = checkServerOptions(call, options);
  checkConn(call, conn);
  const server = engineOf(tls).server(call, tls, "once");
  try {
    return server.begin(conn);
  } finally {
    server.close();
  }
}

/**
 * Secures `conn` as its client, as {@linkcode tlsServer} does as its server. Call `handshake` to
 * know that the server is who it should be before anything is sent. Never parks. Go: `tls.Client`.
 *
 * @param conn any connection that no other code reads or writes any more
 * @param options `servername` is the host that the certificate must be for; without it the
 * certificate must be for the remote address of `conn`
 * @throws as {@linkcode tlsServer}
 * @example
 * ```ts
 * const secure = tlsClient(conn, { servername: "mail.example.org" });
 * yield* secure.handshake();
 * ```
 */
export function tlsClient(conn: Conn, options: TLSClientOptions): TLSConn {
  const call = "start TLS as client";
  const tls = checkClientOptions(call, options);
  checkConn(call, conn);
  const host = tls.servername ?? hostOf(call, conn, tls.rejectUnauthorized);
  const client = engineOf(tls).client(call, conn, host, tls);
  const handshake = tracked(quietly(client.shakeHands()), () => client.end());
  spawn(currentRun(), "TLS handshake", handshake);
  return client.conn;
}

/** Ignores errors: the connection's reads and writes throw them. */
function* quietly(body: Routine<void>): Routine<void> {
  try {
    yield* body;
  } catch {
    // See above.
  }
}

function checkConn(call: string, conn: Conn): void {
  needMethods(call, "it", "a Conn", conn, "read", "write", "chunks", "close", "abort");
  // A reader with a buffer may hold plaintext.
  const { buffered } = conn as { readonly buffered?: unknown };
  if (typeof buffered !== "number" || buffered === 0) return;
  const { network } = conn.localAddr;
  const cause = new TLSError(
    `tls: ${buffered} bytes of plaintext were read before the handshake`,
    "ERR_TLS_PLAINTEXT",
  );
  throw new OpError("handshake", network, conn.localAddr, conn.remoteAddr, cause);
}

function hostOf(call: string, conn: Conn, rejectUnauthorized = true): string {
  const { network } = conn.remoteAddr;
  if (network.startsWith("tcp")) return splitHostPort(String(conn.remoteAddr)).host;
  if (!rejectUnauthorized) return "localhost";
  throw new TypeError(
    `Cannot ${call} without servername: the connection has no host name to verify the certificate against`,
  );
}
