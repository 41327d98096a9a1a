// SPDX-License-Identifier: MIT
/** Connecting. Go: net/dial.go, Dial. */
import type { Endpoint } from "../../platforms/contract/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import { endpointAddr } from "./addr/addr.ts";
import { dialAll } from "./tcp/happy_eyeballs.ts";
import { dialWhileResolving } from "./tcp/dial_while_resolving.ts";
import { addressError, OpError } from "./errors.ts";
import { isUnspecified } from "./addr/ip.ts";
import { CallDeadline } from "./options/call_options.ts";
import { checkAddress } from "./check_call.ts";
import { type Asking, maybeEarly } from "./resolve/lookup.ts";
import type { Conn } from "./net.ts";
import { checkDialOptions } from "./options/schema.ts";
import type { DialOptions } from "./options/options.ts";
import {
  type EarlyEndpoints,
  type InternetNetwork,
  internetNetwork,
  isNamed,
  isUDPNetwork,
  resolve,
  type TCPNetwork,
  type UDPNetwork,
  unsuitable,
} from "./resolve/resolve.ts";
import { proxyHeader } from "./proxyproto/format.ts";
import { TCPDialer } from "./tcp/tcp_dial.ts";
import type { UDPConn } from "./udp/udp.ts";
import { UDPDialer } from "./udp/udp_open.ts";
import type { UnixConn, UnixgramConn } from "./unix/unix.ts";
import { isUnixNetwork, type UnixNetwork } from "./addr/unix_addr.ts";
import { dialUnix } from "./unix/unix_open.ts";
import { scheduler } from "../sched/thread.ts";
import { cannotPark, refuseAwait } from "../sched/misuse.ts";
import { noted } from "../sched/calls.ts";

/** Networks that `dial` supports. */
export type Network = InternetNetwork | UnixNetwork;

/**
 * Connects to `address`. Parks. Go: `net.Dialer.Dial`.
 *
 * If a name resolves to several addresses, they are tried in turn until one connects; each gets a
 * share of the remaining time, but at least two seconds. If there are both IPv6 and IPv4 addresses,
 * the other family is tried in parallel when the first has not connected for a while (Happy
 * Eyeballs), and the first connection wins; the first family is dialed while the query for the other
 * is still unanswered; see {@linkcode DialOptions.fallbackDelay}. An empty or
 * unspecified host means this machine.
 *
 * On "udp", "udp4" and "udp6" it returns a connected datagram socket. On "unix", "unixpacket" and
 * "unixgram" it connects to a path, or to an abstract "@name".
 *
 * @param network "tcp", "tcp4" or "tcp6"; see the other overloads for other networks
 * @param address "host:port"; the port may be a service name
 * @param options see {@linkcode DialOptions}
 * @returns the connection
 * @throws {OpError} if the address is invalid, the connection times out (`timeout` is true) or is
 * refused (`code` is "ECONNREFUSED"), or the call is cancelled (`cause` is a
 * {@linkcode CanceledError}); {@linkcode TypeError} for an invalid option; `Deno.errors.NotCapable`
 * without Deno's net permission
 * @example
 * ```ts
 * using conn = yield* dial("tcp", "127.0.0.1:7007", { timeout: 1000 });
 * yield* conn.write(new TextEncoder().encode("hello"));
 * ```
 */
export function dial(
  network: TCPNetwork,
  address: string,
  options?: DialOptions,
): Routine<Conn>;
/** Opens a UDP socket connected to `address`; sends nothing. Parks only to look up a name. */
export function dial(
  network: UDPNetwork,
  address: string,
  options?: DialOptions,
): Routine<UDPConn>;
/** Connects to `address`, by TCP or UDP. */
export function dial(
  network: InternetNetwork,
  address: string,
  options?: DialOptions,
): Routine<Conn | UDPConn>;
/**
 * Connects to the Unix socket at a path, or to an abstract "@name". Parks while its accept queue is
 * full.
 */
export function dial(
  network: "unix" | "unixpacket",
  address: string,
  options?: DialOptions,
): Routine<UnixConn>;
/** Opens a Unix datagram socket connected to a path, or to an abstract "@name". */
export function dial(
  network: "unixgram",
  address: string,
  options?: DialOptions,
): Routine<UnixgramConn>;
/** Connects a stream on a network that is known only at run time. */
export function dial(
  network: TCPNetwork | "unix" | "unixpacket",
  address: string,
  options?: DialOptions,
): Routine<Conn>;
/** Connects to `address` on a network that is known only at run time. */
export function dial(
  network: Network,
  address: string,
  options?: DialOptions,
): Routine<Conn | UDPConn | UnixgramConn>;
export function dial(
  network: Network,
  address: string,
  options: DialOptions = {},
): Routine<Conn | UDPConn | UnixgramConn> {
  return noted("dial", dialing(network, address, options));
}

function* dialing(
  network: Network,
  address: string,
  options: DialOptions,
): Routine<Conn | UDPConn | UnixgramConn> {
  if (scheduler.current === null) throw cannotPark(null, "dial");
  checkAddress("dial", address, options);
  const { proxyProtocol, ...checked } = checkDialOptions(options);
  const limits = new CallDeadline(checked);
  // A dial of UDP, or of a listener on this machine, need not wait.
  if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
  if (proxyProtocol === undefined) return yield* connect(network, address, checked, limits);
  const header = proxyHeader(proxyProtocol);
  if (!network.startsWith("tcp") && network !== "unix") {
    throw new TypeError(`Cannot dial ${network} with proxyProtocol, which requires TCP or unix`);
  }
  const conn = yield* connect(network, address, checked, limits) as Routine<Conn>;
  let sent = false;
  try {
    yield* limits.enforce(conn.write(header), (cause) => headerFailure(conn, cause));
    sent = true;
    return conn;
  } finally {
    if (!sent) conn.abort();
  }
}

function headerFailure({ localAddr, remoteAddr }: Conn, cause: Error): OpError {
  return new OpError("dial", remoteAddr.network, localAddr, remoteAddr, cause);
}

function* connect(
  network: Network,
  address: string,
  checked: DialOptions,
  limits: CallDeadline,
): Routine<Conn | UDPConn | UnixgramConn> {
  if (isUnixNetwork(network)) return yield* dialUnix(network, address, checked, limits);
  const asking = { limits, lookup: checked.lookup, resolver: checked.resolver };
  const { localAddress, fallbackDelay } = checked;
  const parallel = network === "tcp" && localAddress === undefined && (fallbackDelay ?? 0) >= 0;
  if (parallel && isNamed(address) && maybeEarly(asking)) {
    const lookup = (early: EarlyEndpoints) => resolving(network, address, asking, early);
    const dialler = new TCPDialer(network, null, limits, checked);
    return yield* dialWhileResolving(dialler, lookup, limits, fallbackDelay);
  }
  let local: Endpoint | null;
  let endpoints: Endpoint[];
  try {
    internetNetwork(network);
    local = yield* localEndpoint(network, localAddress, asking);
    endpoints = reachable(network, yield* resolve(network, address, "dial", asking), local);
  } catch (error) {
    throw addressError("dial", network, error);
  }
  if (isUDPNetwork(network)) {
    return yield* dialAll(new UDPDialer(network, local, checked), endpoints, limits, -1);
  }
  const dialler = new TCPDialer(network, local, limits, checked);
  return yield* dialAll(dialler, endpoints, limits, network === "tcp" ? fallbackDelay : -1);
}

/** Resolves the remote address, and reports the endpoints of one IP version early. */
function* resolving(
  network: InternetNetwork,
  address: string,
  asking: Asking,
  early: EarlyEndpoints,
): Routine<Endpoint[]> {
  try {
    return yield* resolve(network, address, "dial", asking, early);
  } catch (error) {
    throw addressError("dial", network, error);
  }
}

/** Resolves the local address, if the options have one. */
function* localEndpoint(
  network: InternetNetwork,
  address: string | undefined,
  asking: Asking,
): Routine<Endpoint | null> {
  if (address === undefined) return null;
  return (yield* resolve(network, address, "listen", asking))[0];
}

/** Returns the endpoints of the local address's IP version, or all if there is no local address. */
function reachable(
  network: InternetNetwork,
  endpoints: Endpoint[],
  local: Endpoint | null,
): Endpoint[] {
  if (local === null || isUnspecified(local.ip)) return endpoints;
  const same = endpoints.filter(({ ip }) => (ip.length === 16) === (local.ip.length === 16));
  if (same.length === 0) throw unsuitable(String(endpointAddr(network, local)));
  return same;
}

refuseAwait(dialing.prototype, "dial");
