// SPDX-License-Identifier: MIT
/** The address that a proxy is to connect to. */
import type { Addr } from "../net/addr/addr.ts";
import { AddrError } from "../net/addr/errors.ts";
import { joinHostPort, splitHostPort } from "../net/addr/host_port.ts";
import { parseIP } from "../net/addr/ip.ts";
import { OpError } from "../net/errors.ts";
import { addressError } from "../net/errors.ts";
import type { Conn } from "../net/net.ts";
import { lookupPort } from "../net/resolve/service_port.ts";
import { needString } from "../validate/argument.ts";

/** Most bytes of a name in DNS, and in a request of SOCKS5. */
const MOST_NAME = 255;

/** See the top of this file. */
export interface Target {
  /** A name of ASCII letters, or an IP address without brackets. */
  readonly host: string;
  /** The bytes of an IP address; null for a name. */
  readonly ip: Uint8Array | null;
  readonly port: number;
  /** "host:port". */
  readonly address: string;
}

/** Parses "host:port"; the port may be a service name. Throws OpError. */
export function parseTarget(call: string, address: string): Target {
  needString(call, "address", address);
  try {
    const { host, port } = splitHostPort(address);
    const number = lookupPort("tcp", port);
    if (number === 0) throw new AddrError("missing port in address", address);
    const ip = parseIP(host);
    // What a line of HTTP or a name of SOCKS5 could not hold. A zone is known on this machine alone.
    if (ip === null && !/^[\w.-]+$/.test(host) || host.length > MOST_NAME) {
      throw new AddrError("not a name or an IP address for a proxy", address);
    }
    return { host, ip, port: number, address: joinHostPort(host, String(number)) };
  } catch (error) {
    throw addressError("dial", "tcp", error);
  }
}

/** The error of a connection to `target` through the proxy that `conn` is connected to. */
export function proxyFailure(conn: Conn, target: Target, cause: Error): OpError {
  const { network } = conn.remoteAddr;
  const addr: Addr = { network, toString: () => target.address };
  return new OpError(
    "dial",
    network,
    conn.remoteAddr,
    addr,
    cause instanceof OpError ? cause.cause : cause,
  );
}
