// SPDX-License-Identifier: MIT
/** Dialling. Go: net/dial.go, Dial. */
import type { Endpoint } from "../../platforms/contract/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import { endpointAddr } from "./addr/addr.ts";
import { dialAll } from "./tcp/happy_eyeballs.ts";
import { addressError } from "./errors.ts";
import { isUnspecified } from "./addr/ip.ts";
import { CallDeadline } from "./options/call_options.ts";
import type { Asking } from "./resolve/lookup.ts";
import type { Conn } from "./net.ts";
import { checkDialOptions } from "./options/schema.ts";
import type { DialOptions } from "./options/options.ts";
import {
  type InternetNetwork,
  internetNetwork,
  isUDPNetwork,
  resolve,
  type TCPNetwork,
  type UDPNetwork,
  unsuitable,
} from "./resolve/resolve.ts";
import { TCPDialer } from "./tcp/tcp_dial.ts";
import type { UDPConn } from "./udp/udp.ts";
import { UDPDialer } from "./udp/udp_open.ts";
import type { UnixConn, UnixgramConn } from "./unix/unix.ts";
import { isUnixNetwork, type UnixNetwork } from "./addr/unix_addr.ts";
import { dialUnix } from "./unix/unix_open.ts";

/** Every network that `dial` knows. */
export type Network = InternetNetwork | UnixNetwork;

/**
 * Connects to `address`. Parks. Go: `net.Dialer.Dial`.
 *
 * Of a name that stands for several addresses each is tried in turn until one answers; of the time
 * that is left each has its share, but two seconds at least. Where they are of both versions of IP,
 * the other version is tried as well when the first has not stateError for a while, and the first to
 * answer wins (see {@linkcode DialOptions.fallbackDelay}). An empty or unspecified host is this machine.
 *
 * On "udp", "udp4" and "udp6" it gives a socket of datagrams, on "unix", "unixpacket" and "unixgram"
 * it connects to a path, or to an abstract "@name".
 *
 * @param network "tcp", "tcp4" or "tcp6"; the others have other results, see below
 * @param address "host:port", where the port may be the name of a service
 * @param options see {@linkcode DialOptions}
 * @throws {OpError} when the address is wrong, nobody answers (its `timeout` is true), the peer
 * refuses (its `code` is "ECONNREFUSED") or it was cancelled (its `cause` is a
 * {@linkcode CanceledError}); {@linkcode TypeError} when an option is wrong;
 * `Deno.errors.NotCapable` without Deno's net permission
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
/** Opens a UDP socket that is connected to `address`: nothing is sent. Parks only to look up a name. */
export function dial(
  network: UDPNetwork,
  address: string,
  options?: DialOptions,
): Routine<UDPConn>;
/** Connects to the Unix socket at a path, or to "@name". Parks while its queue is full. */
export function dial(
  network: "unix" | "unixpacket",
  address: string,
  options?: DialOptions,
): Routine<UnixConn>;
/** Opens a Unix socket of datagrams that is connected to a path, or to "@name". */
export function dial(
  network: "unixgram",
  address: string,
  options?: DialOptions,
): Routine<UnixgramConn>;
/** Connects to `address` on a network that is known only when the program runs. */
export function dial(
  network: Network,
  address: string,
  options?: DialOptions,
): Routine<Conn | UDPConn | UnixgramConn>;
export function* dial(
  network: Network,
  address: string,
  options: DialOptions = {},
): Routine<Conn | UDPConn | UnixgramConn> {
  const checked = checkDialOptions(options);
  const limits = new CallDeadline(checked);
  if (isUnixNetwork(network)) return yield* dialUnix(network, address, checked, limits);
  let local: Endpoint | null;
  let endpoints: Endpoint[];
  try {
    internetNetwork(network);
    const asking = { limits, lookup: checked.lookup };
    local = yield* localEndpoint(network, checked.localAddress, asking);
    endpoints = reachable(network, yield* resolve(network, address, "dial", asking), local);
  } catch (error) {
    throw addressError("dial", network, error);
  }
  if (isUDPNetwork(network)) {
    return yield* dialAll(new UDPDialer(network, local, checked), endpoints, limits, -1);
  }
  const dialler = new TCPDialer(network, local, limits, checked);
  return yield* dialAll(dialler, endpoints, limits, network === "tcp" ? checked.fallbackDelay : -1);
}

/** The address that this end is to have, if any. */
function* localEndpoint(
  network: InternetNetwork,
  address: string | undefined,
  asking: Asking,
): Routine<Endpoint | null> {
  if (address === undefined) return null;
  return (yield* resolve(network, address, "listen", asking))[0];
}

/** Those of the same version of IP as this end, if this end is to have an address at all. */
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
