// SPDX-License-Identifier: MIT
/** Connecting under TLS. Go: crypto/tls/tls.go, Dialer.DialContext. */
import { splitHostPort } from "../net/addr/host_port.ts";
import { dial } from "../net/dial.ts";
import { checkDialOptions } from "../net/options/schema.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import type { TCPNetwork } from "../net/resolve/resolve.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { TLSConn } from "./tls.ts";
import { engineOf } from "./choose_engine.ts";
import type { TLSClientSide } from "./engine.ts";
import { clientNames, splitDialOptions, type TLSDialOptions } from "./tls_options.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { noted } from "../sched/calls.ts";

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
 * invalid option; {@linkcode PanicError} under `runSync` with the engine "host", which needs the
 * host's event loop
 * @example
 * ```ts
 * using conn = yield* tlsDial("tcp", "example.org:443", { ALPNProtocols: ["http/1.1"] });
 * ```
 */
export function tlsDial(
  network: TCPNetwork,
  address: string,
  options: TLSDialOptions = {},
): Routine<TLSConn> {
  return noted("tlsDial", dialing(network, address, options));
}

function* dialing(
  network: TCPNetwork,
  address: string,
  options: TLSDialOptions,
): Routine<TLSConn> {
  const { tls, rest } = splitDialOptions(options);
  const limits = new CallDeadline(checkDialOptions(rest, clientNames()));
  const engine = engineOf(tls);
  const conn = yield* dial(network, address, rest);
  let client: TLSClientSide;
  try {
    client = engine.client("dial with TLS", conn, splitHostPort(address).host, tls);
  } catch (error) {
    conn[Symbol.dispose]();
    throw error;
  }
  yield* limits.enforce(client.shakeHands(), (cause) => client.unsecured(cause));
  return client.conn;
}

refuseAwait(dialing.prototype, "tlsDial");
