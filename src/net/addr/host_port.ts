// SPDX-License-Identifier: MIT
/** Joins and splits "host:port". Go: net/ipsock.go. */
import { needString } from "../../validate/argument.ts";
import { AddrError } from "./errors.ts";

/**
 * Joins a host and a port; puts a host that contains a colon in brackets. Never parks. Go:
 * `net.JoinHostPort`.
 *
 * @example
 * ```ts
 * joinHostPort("::1", 80); // "[::1]:80"
 * ```
 */
export function joinHostPort(host: string, port: number | string): string {
  needString("join an address", "host", host);
  if (typeof port !== "number") needString("join an address", "port", port);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Splits "host:port", "[host]:port" or "[host%zone]:port". Never parks. Go: `net.SplitHostPort`.
 *
 * @throws {AddrError} with Go's messages, if the port is missing or a bracket is misplaced
 * @example
 * ```ts
 * splitHostPort("[::1]:80"); // { host: "::1", port: "80" }
 * ```
 */
export function splitHostPort(address: string): { host: string; port: string } {
  needString("split an address", "address", address);
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
    // Either "]:" is followed by another colon, or there is text between "]" and ":".
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
