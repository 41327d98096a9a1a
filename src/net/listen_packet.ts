// SPDX-License-Identifier: MIT
/** Sockets of datagrams. Go: net/dial.go, ListenPacket. */
import type { Endpoint } from "../../platforms/contract/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import { addressError } from "./errors.ts";
import { CallDeadline } from "./options/call_options.ts";
import { checkListenPacketOptions } from "./options/schema.ts";
import type { ListenPacketOptions } from "./options/options.ts";
import { resolve, type UDPNetwork, udpNetwork } from "./resolve/resolve.ts";
import type { UDPConn } from "./udp/udp.ts";
import { listenUDP } from "./udp/udp_open.ts";
import type { UnixgramConn } from "./unix/unix.ts";
import { listenUnixgram } from "./unix/unix_open.ts";

/** The networks of datagrams. */
export type PacketNetwork = UDPNetwork | "unixgram";

/**
 * Opens a UDP socket that hears everybody. Parks only to look up a name. Go: `net.ListenPacket`.
 *
 * On "udp" an empty host, "0.0.0.0" and "[::]" all mean every address of this machine, of both
 * versions of IP. A multicast group as the host means every address as well, and lets others listen
 * there too; `joinGroup` then joins it.
 *
 * @param network "udp", "udp4" or "udp6"; "unixgram" see below
 * @param address "host:port"; port 0 lets the system choose, and `localAddr` tells
 * @param options see {@linkcode ListenPacketOptions}
 * @throws {OpError} when the address is wrong, taken or not ours; {@linkcode TypeError} when an
 * option is wrong; `Deno.errors.NotCapable` without Deno's net permission;
 * {@linkcode PlatformError} where the library cannot run
 * @example
 * ```ts
 * using conn = yield* listenPacket("udp", "127.0.0.1:0");
 * const { n, addr, truncated } = yield* conn.readFrom(buf);
 * ```
 */
export function listenPacket(
  network: UDPNetwork,
  address: string,
  options?: ListenPacketOptions,
): Routine<UDPConn>;
/**
 * Opens a Unix socket of datagrams at a path, at an abstract "@name", or, if `address` is empty, at
 * an abstract name that the system chooses. The file that a path becomes is removed when it is closed.
 */
export function listenPacket(
  network: "unixgram",
  address: string,
  options?: ListenPacketOptions,
): Routine<UnixgramConn>;
/** Opens a socket of datagrams on a network that is known only when the program runs. */
export function listenPacket(
  network: PacketNetwork,
  address: string,
  options?: ListenPacketOptions,
): Routine<UDPConn | UnixgramConn>;
export function* listenPacket(
  network: PacketNetwork,
  address: string,
  options: ListenPacketOptions = {},
): Routine<UDPConn | UnixgramConn> {
  const checked = checkListenPacketOptions(options);
  if (network === "unixgram") return listenUnixgram(address, checked);
  let endpoint: Endpoint;
  try {
    // Of a name that stands for several, IPv4 comes first, as in Go.
    const asking = { limits: new CallDeadline(checked), lookup: checked.lookup };
    const endpoints = yield* resolve(udpNetwork(network), address, "listen", asking);
    endpoint = endpoints.find(({ ip }) => ip.length === 4) ?? endpoints[0];
  } catch (error) {
    throw addressError("listen", network, error);
  }
  return listenUDP(network, endpoint, checked);
}
