// SPDX-License-Identifier: MIT
/** Connections to name servers. */
import { splitHostPort } from "../net/addr/host_port.ts";
import { parseIPZone, unmap } from "../net/addr/ip.ts";
import { zoneScope } from "../net/addr/zone.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import { TCPDialer } from "../net/tcp/tcp_dial.ts";
import { UDPDialer } from "../net/udp/udp_open.ts";
import type { Endpoint } from "../../platforms/contract/platform.ts";
import type { ResolverDial } from "./options.ts";
import { AddrError } from "../net/addr/errors.ts";

/**
 * Connects to a server. No permission is asked for: the system's servers need none, and for others it
 * was asked for already. It binds no port of its own
 * choice: the kernel takes a random one. ip-sysctl, ip_local_port_range.
 */
export const systemDial: ResolverDial = function* (network, address) {
  const endpoint = endpointOf(address);
  if (network === "udp") return yield* new UDPDialer("udp", null, {}).dial(endpoint);
  const dialer = new TCPDialer("tcp", null, new CallDeadline({}), {});
  return yield* dialer.dial(endpoint, Infinity);
};

/** Returns true if `dial` never waits for a connection of datagrams. */
export function isInstant(dial: ResolverDial): boolean {
  return dial === systemDial;
}

function endpointOf(address: string): Endpoint {
  const { host, port } = splitHostPort(address);
  const parsed = parseIPZone(host);
  if (parsed === null) throw new AddrError("not an IP address of a name server", address);
  return { ip: unmap(parsed.ip), port: Number(port), scope: zoneScope(parsed.zone, address) };
}
