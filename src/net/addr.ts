// SPDX-License-Identifier: MIT
/** Endpoints and their texts. Go: net/ipsock.go, net/tcpsock.go. */
import { platform } from "../../platforms/runtime.ts";
import type { Endpoint, RawAddress } from "../../platforms/types.ts";
import { AddrError } from "./errors.ts";
import { formatIP } from "./ip.ts";

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
  /** The IP address as text, without a zone; IPv4 in IPv6's clothes is shown as IPv4. */
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

  /** "127.0.0.1:80", "[fe80::1%lo]:80". */
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
  return internetAddr(TCPAddr, platform().sockets.decodeAddress(raw));
}

/** The address in a `struct sockaddr`, of UDP. */
export function udpAddr(raw: RawAddress): UDPAddr {
  return internetAddr(UDPAddr, platform().sockets.decodeAddress(raw));
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

function zoneName(scope: number): string {
  return platform().sockets.interfaceName(scope) ?? String(scope);
}

/** The interface index that a zone names. Throws AddrError if there is no such interface. */
export function zoneScope(zone: string, address: string): number {
  if (zone === "") return 0;
  if (/^[0-9]{1,9}$/.test(zone)) return Number(zone);
  const scope = platform().sockets.interfaceIndex(zone);
  if (scope <= 0) throw new AddrError("unknown IPv6 zone", address);
  return scope;
}

/**
 * Joins a host and a port; a host with a colon gets brackets. Go: `net.JoinHostPort`. Never parks.
 *
 * @example
 * ```ts
 * joinHostPort("::1", 80); // "[::1]:80"
 * ```
 */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Splits "host:port", "[host]:port" or "[host%zone]:port". Go: `net.SplitHostPort`. Never parks.
 *
 * @throws {AddrError} with Go's texts, when the port is missing or a bracket is out of place
 * @example
 * ```ts
 * splitHostPort("[::1]:80"); // { host: "::1", port: "80" }
 * ```
 */
export function splitHostPort(address: string): { host: string; port: string } {
  const colon = address.lastIndexOf(":");
  if (colon < 0) throw new AddrError("missing port in address", address);
  const port = address.slice(colon + 1);
  if (address[0] !== "[") {
    const host = address.slice(0, colon);
    if (host.includes(":")) throw new AddrError("too many colons in address", address);
    refuseBrackets(host + port, address);
    return { host, port };
  }
  const end = address.indexOf("]");
  if (end < 0) throw new AddrError("missing ']' in address", address);
  if (end + 1 === address.length) throw new AddrError("missing port in address", address);
  if (end + 1 !== colon) {
    // Either "]:" is followed by another colon, or something stands between "]" and ":".
    const many = address[end + 1] === ":";
    throw new AddrError(many ? "too many colons in address" : "missing port in address", address);
  }
  const host = address.slice(1, end);
  refuseBrackets(host + port, address);
  return { host, port };
}

function refuseBrackets(rest: string, address: string): void {
  if (rest.includes("[")) throw new AddrError("unexpected '[' in address", address);
  if (rest.includes("]")) throw new AddrError("unexpected ']' in address", address);
}

/** The number of a port. Throws AddrError with Go's texts. */
export function parsePort(network: string, port: string): number {
  if (port === "") return 0;
  if (!/^[+-]?[0-9]+$/.test(port)) throw new AddrError(`unknown port`, `${network}/${port}`);
  const number = Number(port);
  if (number < 0 || number > 0xffff) throw new AddrError("invalid port", port);
  return number;
}
