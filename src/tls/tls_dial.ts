// SPDX-License-Identifier: MIT
/** Connecting under TLS. Go: crypto/tls/tls.go, Dialer.DialContext. */
import { splitHostPort } from "../net/addr/host_port.ts";
import { dial } from "../net/dial.ts";
import { checkDialOptions } from "../net/options/schema.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import { parseIP } from "../net/addr/ip.ts";
import type { Conn } from "../net/net.ts";
import type { TCPNetwork } from "../net/resolve/resolve.ts";
import type { Routine } from "../sched/goroutine.ts";
import { pumpDuplex } from "../bridge/duplex.ts";
import { hostError, nodeTLS, requireLoop } from "../bridge/host.ts";
import { CiphertextStream } from "./ciphertext_stream.ts";
import type { TLSConn } from "./tls.ts";
import { TLSConnImpl } from "./tls_conn.ts";
import { splitDialOptions, type TLSDialOptions, type TLSSettings } from "./tls_options.ts";
import { now } from "../sched/clock.ts";

/**
 * Connects to `address` and performs the TLS handshake. Parks. Go: `tls.Dialer.DialContext`.
 *
 * The server's certificate must be valid for the host of `address`, or for `servername`, and be
 * issued by an authority that the runtime trusts, or by one of `ca`.
 *
 * @param network "tcp", "tcp4" or "tcp6"
 * @param address "host:port"
 * @param options those of {@linkcode dial}, whose timeouts include the handshake, and those of TLS
 * @throws {OpError} of "dial" if the connection fails; of "handshake" if the certificate is not
 * trusted (`code` is that of `node:tls`), or the handshake times out; {@linkcode TypeError} for an
 * invalid option; {@linkcode PanicError} under `runSync`, where the host's event loop does not run
 * @example
 * ```ts
 * using conn = yield* tlsDial("tcp", "example.org:443", { ALPNProtocols: ["http/1.1"] });
 * ```
 */
export function* tlsDial(
  network: TCPNetwork,
  address: string,
  options: TLSDialOptions = {},
): Routine<TLSConn> {
  requireLoop("tlsDial");
  const { tls, rest } = splitDialOptions(options);
  const limits = new CallDeadline(checkDialOptions(rest));
  const conn = yield* dial(network, address, rest);
  let secured = false;
  try {
    const secure = tlsClient(conn, splitHostPort(address).host, tls);
    const securing = secure.secureBy(now() + tls.handshakeTimeout);
    yield* limits.enforce(securing, (cause) => secure.unsecured(cause));
    secured = true;
    return secure;
  } finally {
    // Also when the goroutine is ended while it waits.
    if (!secured) conn[Symbol.dispose]();
  }
}

/** Begins the handshake with the server at the other end of `conn`, which is `host`. */
function tlsClient(conn: Conn, host: string, settings: TLSSettings<TLSDialOptions>): TLSConnImpl {
  const { handshakeTimeout: _, servername, ...rest } = settings;
  const ciphertext = new CiphertextStream(conn);
  const secure = new TLSConnImpl(conn, ciphertext);
  const name = servername ?? (host === "" ? "localhost" : host);
  const socket = nodeTLS().connect({
    ...rest as object,
    // An IP address is checked, but never asked for as a name (RFC 6066).
    ...(parseIP(name) === null ? { servername: name } : { host: name }),
    socket: pumpDuplex(ciphertext),
  });
  socket.once("secureConnect", () => secure.secured());
  socket.on("error", (error) => secure.refused(hostError(error)));
  secure.engage(socket);
  return secure;
}
