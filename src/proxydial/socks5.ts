// SPDX-License-Identifier: MIT
/** Connecting through a SOCKS5 proxy. RFC 1928, RFC 1929; Go: golang.org/x/net/proxy, SOCKS5. */
import { UnexpectedEOFError } from "../fd/errors.ts";
import { asError } from "../net/errors.ts";
import { unmap } from "../net/addr/ip.ts";
import type { Conn } from "../net/net.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import { noted } from "../sched/calls.ts";
import type { Routine } from "../sched/goroutine.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { needMethods } from "../validate/argument.ts";
import { AUTHENTICATION, PROTOCOL, ProxyConnectError, REFUSED } from "./errors.ts";
import { checkSOCKS5Options, type SOCKS5Options, TIMEOUT_MS } from "./options.ts";
import { parseTarget, proxyFailure, type Target } from "./target.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
/** Version of the sub-negotiation of RFC 1929. */
const PASSWORD_VERSION = 1;
const CONNECT = 1;
const [IPV4, NAME, IPV6] = [1, 3, 4];
const MOST_NAME = 255;

/** Reply codes of RFC 1928, by their numbers: what each means, and its code. */
const REPLIES: readonly (readonly [text: string, code: string])[] = [
  ["succeeded", ""],
  ["general SOCKS server failure", REFUSED],
  ["connection not allowed by ruleset", REFUSED],
  ["network unreachable", "ENETUNREACH"],
  ["host unreachable", "EHOSTUNREACH"],
  ["connection refused", "ECONNREFUSED"],
  ["TTL expired", "EHOSTUNREACH"],
  ["command not supported", REFUSED],
  ["address type not supported", REFUSED],
];

/**
 * Asks the SOCKS5 proxy at the other end of `conn` to connect to `address`, and returns `conn`, which
 * then is the connection to `address`. Parks. Names are sent to the proxy and are not looked up here.
 * `conn` may be any connection: under TLS, or through another proxy. Close it if the call fails.
 * Go: `golang.org/x/net/proxy`, `SOCKS5`.
 *
 * @param conn a connection to the proxy that was not used before
 * @param address "host:port"; the port may be a service name
 * @param options see {@linkcode SOCKS5Options}
 * @throws {OpError} of "dial", with a {@linkcode ProxyConnectError} if the proxy refuses or does not
 * speak SOCKS5, or with what ended `conn` or the call; {@linkcode TypeError} for an invalid option
 * @example Through two proxies.
 * ```ts
 * const first = yield* dial("tcp", "127.0.0.1:1080");
 * const second = yield* socks5Connect(first, "proxy.example.net:1080");
 * using conn = yield* socks5Connect(second, "example.org:80");
 * ```
 */
export function socks5Connect(
  conn: Conn,
  address: string,
  options: SOCKS5Options = {},
): Routine<Conn> {
  return noted("socks5Connect", connecting(conn, address, options));
}

function* connecting(conn: Conn, address: string, options: SOCKS5Options): Routine<Conn> {
  const call = "connect through a SOCKS5 proxy";
  needMethods(call, "conn", "a Conn", conn, "readFull", "write");
  const target = parseTarget(call, address);
  const { username, password = "", ...limits } = checkSOCKS5Options(options);
  const fail = (cause: Error) => proxyFailure(conn, target, cause);
  const user = username === undefined ? null : credentials(username, password);
  try {
    yield* new CallDeadline({ timeout: TIMEOUT_MS, ...limits })
      .enforce(negotiate(conn, target, user), fail);
  } catch (error) {
    throw fail(asError(error));
  }
  return conn;
}

function* negotiate(conn: Conn, target: Target, user: Uint8Array | null): Routine<void> {
  yield* conn.write(
    user === null
      ? Uint8Array.of(VERSION, 1, NO_AUTHENTICATION)
      : Uint8Array.of(VERSION, 2, NO_AUTHENTICATION, PASSWORD),
  );
  const [version, method] = yield* read(conn, 2);
  if (version !== VERSION) throw unexpected(`version ${version} instead of 5`);
  if (method === NONE_ACCEPTABLE) {
    throw new ProxyConnectError("socks5", AUTHENTICATION, "no acceptable authentication methods");
  }
  if (method === PASSWORD && user !== null) yield* authenticate(conn, user);
  else if (method !== NO_AUTHENTICATION) {
    throw unexpected(`authentication method ${method}, which was not offered`);
  }
  yield* conn.write(request(target));
  yield* readReply(conn);
}

function* authenticate(conn: Conn, user: Uint8Array): Routine<void> {
  yield* conn.write(user);
  const [version, status] = yield* read(conn, 2);
  if (version !== PASSWORD_VERSION) throw unexpected(`authentication of version ${version}`);
  if (status === 0) return;
  throw new ProxyConnectError("socks5", AUTHENTICATION, "wrong user name or password", status);
}

/** Reads the reply and the address that the proxy is bound to, which is of no use here. */
function* readReply(conn: Conn): Routine<void> {
  const [version, reply, , type] = yield* read(conn, 4);
  if (version !== VERSION) throw unexpected(`version ${version} instead of 5`);
  if (reply !== 0) {
    const [text, code] = REPLIES[reply] ?? [`unknown reply code ${reply}`, REFUSED];
    throw new ProxyConnectError("socks5", code, text, reply);
  }
  const lengths = { [IPV4]: 4, [IPV6]: 16 } as Record<number, number | undefined>;
  const length = type === NAME ? (yield* read(conn, 1))[0] : lengths[type];
  if (length === undefined) throw unexpected(`address type ${type}`);
  yield* read(conn, length + 2);
}

function request({ host, ip: address, port }: Target): Uint8Array {
  // An IPv4 address mapped to IPv6 is one of IPv4, as in Go: few proxies reach it as IPv6.
  const ip = address === null ? null : unmap(address);
  const name = ip ?? new TextEncoder().encode(host.slice(0, MOST_NAME));
  const head = ip === null ? [NAME, name.length] : [ip.length === 4 ? IPV4 : IPV6];
  return Uint8Array.from([VERSION, CONNECT, 0, ...head, ...name, port >> 8, port & 0xff]);
}

function credentials(username: string, password: string): Uint8Array {
  const [user, secret] = [username, password].map((text) => new TextEncoder().encode(text));
  return Uint8Array.from([PASSWORD_VERSION, user.length, ...user, secret.length, ...secret]);
}

/** Reads exactly `n` bytes: those behind them are of the connection to come. */
function* read(conn: Conn, n: number): Routine<Uint8Array> {
  const bytes = new Uint8Array(n);
  if (n > 0 && (yield* conn.readFull(bytes)) === null) throw new UnexpectedEOFError(0);
  return bytes;
}

function unexpected(detail: string): ProxyConnectError {
  return new ProxyConnectError("socks5", PROTOCOL, `unexpected ${detail}`);
}

refuseAwait(connecting.prototype, "socks5Connect");
