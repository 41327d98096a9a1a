// SPDX-License-Identifier: MIT
/** Connections to name servers. */
import { splitHostPort } from "../net/addr/host_port.ts";
import { formatIP, parseIPZone, unmap } from "../net/addr/ip.ts";
import { zoneScope } from "../net/addr/zone.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import { TCPDialer } from "../net/tcp/tcp_dial.ts";
import { reached } from "../net/resolve/resolve.ts";
import { platform } from "../../platforms/platform.ts";
import type { ResolverDial } from "./options.ts";
import { MessageMemory } from "./message_memory.ts";
import { QuerySocket, type Server } from "./query_socket.ts";
import { AddrError } from "../net/addr/errors.ts";

/**
 * Connects to servers. Requires no permission: the system's servers need none, and for others it
 * was already checked. Binds no port: the kernel chooses a random one. ip-sysctl,
 * ip_local_port_range.
 */
export class SystemTransport {
  /** Servers by address text; there are few. */
  readonly #servers = new Map<string, Server>();
  readonly #messages = new MessageMemory();

  /** Connects to a server by TCP. */
  readonly dial: ResolverDial = (_network, address) => {
    const { endpoint } = this.#server(address);
    return new TCPDialer("tcp", null, new CallDeadline({}), {}).dial(endpoint, Infinity);
  };

  /** Opens a socket for datagrams to a server, which is used until `until`. */
  readonly open = (address: string, until: number): QuerySocket =>
    QuerySocket.open(this.#server(address), until);

  #server(address: string): Server {
    const known = this.#servers.get(address);
    if (known !== undefined) return known;
    const { host, port } = splitHostPort(address);
    const parsed = parseIPZone(host);
    if (parsed === null) throw new AddrError("not an IP address of a name server", address);
    const scope = zoneScope(parsed.zone, address);
    const endpoint = { ip: unmap(parsed.ip), port: Number(port), scope };
    const ip = reached("udp", endpoint, "dial");
    const encoded = platform().sockaddr.encode({ ...endpoint, ip });
    const local = isLoopback(ip);
    const server = { endpoint, address: encoded, local, messages: this.#messages };
    // The index of a zone may change while the program runs.
    if (scope === 0) this.#servers.set(address, server);
    return server;
  }
}

function isLoopback(ip: Uint8Array): boolean {
  return ip.length === 4 ? ip[0] === 127 : formatIP(ip) === "::1";
}
