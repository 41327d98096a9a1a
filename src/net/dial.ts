// SPDX-License-Identifier: MIT
/** Dialling. Go: net/dial.go, Dial. */
import type { Endpoint } from "../../platforms/types.ts";
import type { Routine } from "../sched/goroutine.ts";
import { endpointAddr } from "./addr.ts";
import { dialAll } from "./dial_race.ts";
import { addressError } from "./errors.ts";
import { isUnspecified } from "./ip.ts";
import { Limits } from "./limits.ts";
import type { Asking } from "./lookup.ts";
import type { Conn } from "./net.ts";
import { checkDialOptions, type DialOptions } from "./options.ts";
import {
  type InternetNetwork,
  resolve,
  type TCPNetwork,
  tcpNetwork,
  unsuitable,
} from "./resolve.ts";
import { TCPDialler } from "./tcp_dial.ts";

/**
 * Connects to `address`. Parks. Go: `net.Dialer.Dial`.
 *
 * Of a name that stands for several addresses each is tried in turn until one answers; of the time
 * that is left each has its share, but two seconds at least. Where they are of both versions of IP,
 * the other version is tried as well when the first has not answered for a while, and the first to
 * answer wins (see {@linkcode DialOptions.fallbackDelay}). An empty or unspecified host is this machine.
 *
 * @param network "tcp", "tcp4" or "tcp6"
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
export function* dial(
  network: TCPNetwork,
  address: string,
  options: DialOptions = {},
): Routine<Conn> {
  const checked = checkDialOptions(options);
  const limits = new Limits(checked);
  let local: Endpoint | null;
  let endpoints: Endpoint[];
  try {
    tcpNetwork(network);
    const asking = { limits, lookup: checked.lookup };
    local = yield* localEndpoint(network, checked.localAddress, asking);
    endpoints = reachable(network, yield* resolve(network, address, "dial", asking), local);
  } catch (error) {
    throw addressError("dial", network, error);
  }
  const dialler = new TCPDialler(network, local, limits, checked);
  return yield* dialAll(dialler, endpoints, limits, network === "tcp" ? checked.fallbackDelay : -1);
}

/** The address that this end is to have, if any. */
export function* localEndpoint(
  network: InternetNetwork,
  address: string | undefined,
  asking: Asking,
): Routine<Endpoint | null> {
  if (address === undefined) return null;
  return (yield* resolve(network, address, "listen", asking))[0];
}

/** Those of the same version of IP as this end, if this end is to have an address at all. */
export function reachable(
  network: InternetNetwork,
  endpoints: Endpoint[],
  local: Endpoint | null,
): Endpoint[] {
  if (local === null || isUnspecified(local.ip)) return endpoints;
  const same = endpoints.filter(({ ip }) => (ip.length === 16) === (local.ip.length === 16));
  if (same.length === 0) throw unsuitable(String(endpointAddr(network, local)));
  return same;
}
