// SPDX-License-Identifier: MIT
/** Addresses: what the two ends of a connection are called. Go: net/tcpsock.go, net/udpsock.go. */
import { platform } from "../../../platforms/platform.ts";
import type { Endpoint, RawAddress } from "../../../platforms/contract/platform.ts";
import { AddrError } from "./errors.ts";
import { joinHostPort } from "./host_port.ts";
import { formatIP, parseIP } from "./ip.ts";
import { zoneName, zoneScope } from "./zone.ts";

/** One end of a connection. `dial` takes its text. Go: `net.Addr`. */
export interface Addr {
  /** "tcp", "udp". */
  readonly network: string;
  /** "127.0.0.1:80", "[::1]:80". */
  toString(): string;
}

/** What the addresses of TCP and UDP have in common: an IP address, a port, and perhaps a zone. */
export abstract class InternetAddr implements Addr {
  /** "tcp" or "udp". */
  abstract readonly network: string;
  /** The IP address as text, without a zone; "" where none was given. IPv4 in IPv6 is shown as IPv4. */
  readonly ip: string;
  /** The port. */
  readonly port: number;
  /** The zone of a link-local IPv6 address: an interface's name, or its number; else "". */
  readonly zone: string;

  /** @internal */
  constructor(ip: string, port: number, zone = "") {
    this.ip = ip;
    this.port = port;
    this.zone = zone;
  }

  /** "127.0.0.1:80", "[fe80::1%lo]:80", ":80". */
  toString(): string {
    return joinHostPort(this.zone === "" ? this.ip : `${this.ip}%${this.zone}`, this.port);
  }
}

/** An end of a TCP connection. Go: `net.TCPAddr`. */
export class TCPAddr extends InternetAddr {
  /** "tcp". */
  readonly network: string = "tcp";
}

/** An end of UDP: where a datagram came from, or goes to. Go: `net.UDPAddr`. */
export class UDPAddr extends InternetAddr {
  /** "udp". */
  readonly network: string = "udp";
}

/** The address in a `struct sockaddr`, of TCP. */
export function tcpAddr(raw: RawAddress): TCPAddr {
  return internetAddr(TCPAddr, platform().sockaddr.decode(raw));
}

/** The address in a `struct sockaddr`, of UDP. */
export function udpAddr(raw: RawAddress): UDPAddr {
  return internetAddr(UDPAddr, platform().sockaddr.decode(raw));
}

/** An endpoint as an address of `network`: "udp", "udp4" and "udp6" are UDP's, all others TCP's. */
export function endpointAddr(network: string, endpoint: Endpoint): TCPAddr | UDPAddr {
  return internetAddr(network.startsWith("udp") ? UDPAddr : TCPAddr, endpoint);
}

function internetAddr<A extends InternetAddr>(
  Kind: new (ip: string, port: number, zone: string) => A,
  { ip, port, scope }: Endpoint,
): A {
  return new Kind(formatIP(ip), port, scope === 0 ? "" : zoneName(scope));
}

/** An address as an endpoint; one without a host has no bytes. Throws AddrError for an unknown zone. */
export function endpointOf({ ip, port, zone }: InternetAddr): Endpoint {
  const bytes = ip === "" ? new Uint8Array(0) : parseIP(ip);
  if (bytes === null) throw new AddrError("invalid IP address", ip);
  return { ip: bytes, port, scope: zoneScope(zone, ip) };
}
