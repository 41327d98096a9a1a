// SPDX-License-Identifier: MIT
/** Addresses of internet sockets. Go: net/tcpsock.go, net/udpsock.go. */
import { platform } from "../../../platforms/platform.ts";
import type { Endpoint, RawAddress } from "../../../platforms/contract/platform.ts";
import { AddrError } from "./errors.ts";
import { joinHostPort } from "./host_port.ts";
import { formatIP, parseIP } from "./ip.ts";
import { zoneName, zoneScope } from "./zone.ts";
import { showAs } from "../../validate/one_line.ts";

/** Address of one end of a connection. Its text is accepted by `dial`. Go: `net.Addr`. */
export interface Addr {
  /** Network, such as "tcp" or "udp". */
  readonly network: string;
  /** Returns the address as text, such as "127.0.0.1:80" or "[::1]:80". */
  toString(): string;
}

/** Address of TCP or UDP: an IP address, a port, and for some IPv6 addresses a zone. */
export abstract class InternetAddr implements Addr {
  /** "tcp" or "udp". */
  abstract readonly network: string;
  /**
   * IP address as text, without a zone; "" if there is none. IPv4-mapped addresses are printed as
   * IPv4.
   */
  readonly ip: string;
  /** Port number. */
  readonly port: number;
  /** Zone of a link-local IPv6 address: the name of an interface, or its index; otherwise "". */
  readonly zone: string;

  /** @internal */
  constructor(ip: string, port: number, zone = "") {
    this.ip = ip;
    this.port = port;
    this.zone = zone;
  }

  /** Returns the address as text: "127.0.0.1:80", "[fe80::1%lo]:80", ":80". */
  toString(): string {
    return joinHostPort(this.zone === "" ? this.ip : `${this.ip}%${this.zone}`, this.port);
  }
}

/** Address of a TCP endpoint. Go: `net.TCPAddr`. */
export class TCPAddr extends InternetAddr {
  /** "tcp". */
  readonly network: string = "tcp";
}

/** Address of a UDP endpoint. Go: `net.UDPAddr`. */
export class UDPAddr extends InternetAddr {
  /** "udp". */
  readonly network: string = "udp";
}

/** Decodes a TCP address in a `struct sockaddr`. */
export function tcpAddr(raw: RawAddress): TCPAddr {
  return internetAddr(TCPAddr, platform().sockaddr.decode(raw));
}

/** Decodes a UDP address in a `struct sockaddr`. */
export function udpAddr(raw: RawAddress): UDPAddr {
  return internetAddr(UDPAddr, platform().sockaddr.decode(raw));
}

/**
 * Converts an endpoint to an address of `network`: "udp", "udp4" and "udp6" are UDP's, all others
 * TCP's.
 */
export function endpointAddr(network: string, endpoint: Endpoint): TCPAddr | UDPAddr {
  return internetAddr(network.startsWith("udp") ? UDPAddr : TCPAddr, endpoint);
}

function internetAddr<A extends InternetAddr>(
  Kind: new (ip: string, port: number, zone: string) => A,
  { ip, port, scope }: Endpoint,
): A {
  return new Kind(formatIP(ip), port, scope === 0 ? "" : zoneName(scope));
}

/**
 * Converts an address to an endpoint; without a host, it has no bytes. Throws AddrError for an
 * unknown zone.
 */
export function endpointOf({ ip, port, zone }: InternetAddr): Endpoint {
  const bytes = ip === "" ? new Uint8Array(0) : parseIP(ip);
  if (bytes === null) throw new AddrError("invalid IP address", ip);
  return { ip: bytes, port, scope: zoneScope(zone, ip) };
}

showAs(InternetAddr.prototype, (addr) => `${addr.network} ${addr}`);
