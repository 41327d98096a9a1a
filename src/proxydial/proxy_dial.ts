// SPDX-License-Identifier: MIT
/** Dialling through a proxy. Go: golang.org/x/net/proxy, FromURL. */
import { dial } from "../net/dial.ts";
import { UnknownNetworkError } from "../net/addr/errors.ts";
import { OpError } from "../net/errors.ts";
import type { Conn } from "../net/net.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import type { DialOptions } from "../net/options/options.ts";
import { checkDialOptions } from "../net/options/schema.ts";
import type { TCPNetwork } from "../net/resolve/resolve.ts";
import { noted } from "../sched/calls.ts";
import { now } from "../sched/clock.ts";
import type { Routine } from "../sched/goroutine.ts";
import { refuseAwait } from "../sched/misuse.ts";
import type { TLSClientOptions } from "../tls/tls_options.ts";
import { tlsDial } from "../tls/tls_dial.ts";
import { needObject } from "../validate/argument.ts";
import { httpConnect } from "./http_connect.ts";
import { checkProxyOptions, type ProxyDialOptions, TIMEOUT_MS } from "./options.ts";
import { type ProxyServer, proxyServer } from "./proxy_url.ts";
import { socks5Connect } from "./socks5.ts";
import { parseTarget } from "./target.ts";

/**
 * Connects to `address` through a proxy: SOCKS5, or HTTP by CONNECT, itself reached by TCP or by TLS
 * (`https`). Parks. The proxy looks up the name of `address`. `remoteAddr` of the connection is that
 * of the proxy, so `tlsClient` over it needs `servername`. Go: `proxy.FromURL` and `Dialer.Dial`.
 *
 * @param network "tcp", "tcp4" or "tcp6", for the connection to the proxy
 * @param address "host:port"; the port may be a service name
 * @param options see {@linkcode ProxyDialOptions}; `timeout` and `deadline` include the proxy's answer
 * @throws {OpError} of "dial": as {@linkcode dial}, for the proxy's address; with a
 * {@linkcode ProxyConnectError} if the proxy refuses or does not speak its protocol;
 * {@linkcode TypeError} for an invalid option; `Deno.errors.NotCapable` without Deno's net permission
 * for the proxy
 * @example TLS through the proxy that the environment names, if it names one.
 * ```ts
 * const proxy = proxyFromEnvironment("https://example.org");
 * const tunnel = yield* proxyDial("tcp", "example.org:443", { proxy, timeout: 10_000 });
 * using conn = tlsClient(tunnel, { servername: "example.org" });
 * ```
 */
export function proxyDial(
  network: TCPNetwork,
  address: string,
  options: ProxyDialOptions,
): Routine<Conn> {
  return noted("proxyDial", dialing(network, address, options));
}

/** Options that `dial` does not have. */
const OWN_NAMES = ["proxy", "proxyTimeout", "headers", "maxHeader", "proxyTLS"];

function* dialing(network: TCPNetwork, address: string, options: ProxyDialOptions): Routine<Conn> {
  const call = "dial through a proxy";
  checkTCPNetwork(network);
  needObject(call, "options", options);
  const { proxy, proxyTimeout, headers, maxHeader, proxyTLS, ...rest } = options;
  const checked = checkProxyOptions({ proxyTimeout, headers, maxHeader });
  const dialOptions = checkDialOptions(rest, OWN_NAMES);
  if (proxy === null) return yield* dial(network, address, rest);
  const server = proxyServer(call, proxy);
  parseTarget(call, address);
  const limits = new CallDeadline(dialOptions);
  const conn = yield* reach(network, server, rest, proxyTLS);
  let connected = false;
  try {
    const { username, password, protocol } = server;
    const timeout = Math.max(0, Math.min(checked.proxyTimeout ?? TIMEOUT_MS, limits.until - now()));
    const { signal, context } = rest;
    const common = { username, password, signal, context, timeout };
    const tunnel = protocol === "socks5"
      ? yield* socks5Connect(conn, address, common)
      : yield* httpConnect(conn, address, { ...common, headers, maxHeader });
    connected = true;
    return tunnel;
  } finally {
    if (!connected) conn.abort();
  }
}

/** Throws OpError for a network other than TCP's, which a caller without types may pass. */
function checkTCPNetwork(network: TCPNetwork): void {
  if (/^tcp[46]?$/.test(network)) return;
  const cause = new UnknownNetworkError(network, "a proxy connects by tcp, tcp4 or tcp6");
  throw new OpError("dial", String(network), null, null, cause);
}

/** Connects to the proxy itself. */
function* reach(
  network: TCPNetwork,
  { protocol, address }: ProxyServer,
  rest: DialOptions,
  proxyTLS: TLSClientOptions | undefined,
): Routine<Conn> {
  return protocol === "https"
    ? yield* tlsDial(network, address, { ...proxyTLS, ...rest })
    : yield* dial(network, address, rest);
}

refuseAwait(dialing.prototype, "proxyDial");
