// SPDX-License-Identifier: MIT
/** Datagram sockets. Go: net/dial.go, ListenPacket. */
import type { Endpoint } from "../../platforms/contract/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import { addressError } from "./errors.ts";
import { checkAddress, checkNetwork } from "./check_call.ts";
import { CallDeadline } from "./options/call_options.ts";
import { checkListenPacketOptions } from "./options/schema.ts";
import type { ListenPacketOptions } from "./options/options.ts";
import { resolve, type UDPNetwork, udpNetwork } from "./resolve/resolve.ts";
import type { UDPConn } from "./udp/udp.ts";
import { listenUDP } from "./udp/udp_open.ts";
import type { UnixgramConn } from "./unix/unix.ts";
import { listenUnixgram } from "./unix/unix_open.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { noted } from "../sched/calls.ts";

/** Networks of datagram sockets. */
export type PacketNetwork = UDPNetwork | "unixgram";

/**
 * Opens an unconnected UDP socket. Parks only to look up a name. Go: `net.ListenPacket`.
 *
 * On "udp", an empty host, "0.0.0.0" and "[::]" all mean every address of this machine, IPv4 and
 * IPv6. A multicast group as the host also binds to every address, and lets other sockets bind to
 * the same port; call `joinGroup` to join the group.
 *
 * @param network "udp", "udp4" or "udp6"; see the other overload for "unixgram"
 * @param address "host:port"; port 0 lets the system choose a port, see `localAddr`
 * @param options see {@linkcode ListenPacketOptions}
 * @returns the socket
 * @throws {OpError} if the address is invalid, in use or not local; {@linkcode TypeError} for an
 * invalid option; `Deno.errors.NotCapable` without Deno's net permission; {@linkcode PlatformError}
 * if the platform is not supported
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
 * Opens a Unix datagram socket at a path, at an abstract "@name", or, if `address` is empty, at an
 * abstract name chosen by the system. The socket file is removed on close.
 */
export function listenPacket(
  network: "unixgram",
  address: string,
  options?: ListenPacketOptions,
): Routine<UnixgramConn>;
/** Opens a datagram socket on a network that is known only at run time. */
export function listenPacket(
  network: PacketNetwork,
  address: string,
  options?: ListenPacketOptions,
): Routine<UDPConn | UnixgramConn>;
export function listenPacket(
  network: PacketNetwork,
  address: string,
  options: ListenPacketOptions = {},
): Routine<UDPConn | UnixgramConn> {
  return noted("listenPacket", listeningForPackets(network, address, options));
}

function* listeningForPackets(
  network: PacketNetwork,
  address: string,
  options: ListenPacketOptions,
): Routine<UDPConn | UnixgramConn> {
  checkNetwork(network, "datagrams", "listen");
  checkAddress("listenPacket", address, options);
  const checked = checkListenPacketOptions(options);
  if (network === "unixgram") return listenUnixgram(address, checked);
  let endpoint: Endpoint;
  try {
    // As in Go, prefer IPv4 among several addresses of a name.
    const { lookup, resolver } = checked;
    const asking = { limits: new CallDeadline(checked), lookup, resolver };
    const endpoints = yield* resolve(udpNetwork(network), address, "listen", asking);
    endpoint = endpoints.find(({ ip }) => ip.length === 4) ?? endpoints[0];
  } catch (error) {
    throw addressError("listen", network, error);
  }
  return listenUDP(network, endpoint, checked);
}

refuseAwait(listeningForPackets.prototype, "listenPacket");
