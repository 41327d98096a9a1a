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
 * Connects to servers. Requires no permission: the system's servers need none, and for others it
 * was already checked. Binds no port: the kernel chooses a random one. ip-sysctl,
 * ip_local_port_range.
 */
export class SystemTransport {
  /** Endpoints by address text; there are few. */
  readonly #endpoints = new Map<string, Endpoint>();

  /** See the top of this class. Connecting a datagram socket never waits. */
  readonly dial: ResolverDial = (network, address) => {
    const endpoint = this.#endpoint(address);
    return network === "udp"
      ? new UDPDialer("udp", null, {}).dial(endpoint)
      : new TCPDialer("tcp", null, new CallDeadline({}), {}).dial(endpoint, Infinity);
  };

  #endpoint(address: string): Endpoint {
    const known = this.#endpoints.get(address);
    if (known !== undefined) return known;
    const { host, port } = splitHostPort(address);
    const parsed = parseIPZone(host);
    if (parsed === null) throw new AddrError("not an IP address of a name server", address);
    const scope = zoneScope(parsed.zone, address);
    const endpoint = { ip: unmap(parsed.ip), port: Number(port), scope };
    // The index of a zone may change while the program runs.
    if (scope === 0) this.#endpoints.set(address, endpoint);
    return endpoint;
  }
}
