// SPDX-License-Identifier: MIT
/** From "host:port" to endpoints. Go: net/ipsock.go, internetAddrList and favoriteAddrFamily. */
import { lookup } from "node:dns";
import { platform } from "../../platforms/runtime.ts";
import type { Endpoint, Family } from "../../platforms/types.ts";
import type { Routine } from "../sched/goroutine.ts";
import { wait } from "../sched/api.ts";
import { scheduler } from "../sched/thread.ts";
import { parsePort, splitHostPort, zoneScope } from "./addr.ts";
import { AddrError, DNSError, UnknownNetworkError } from "./errors.ts";
import { formatIP, isUnspecified, parseIP, unmap } from "./ip.ts";

/** The networks of TCP: either version of IP, or one of them. */
export type TCPNetwork = "tcp" | "tcp4" | "tcp6";

/** What the addresses are for: an empty host means all of ours, or the loopback. */
export type Purpose = "listen" | "dial";

const LOOPBACK4 = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const UNSPECIFIED4 = new Uint8Array(4);
const UNSPECIFIED6 = new Uint8Array(16);

/** Refuses a network that is none of TCP's. */
export function tcpNetwork(network: string): TCPNetwork {
  if (network === "tcp" || network === "tcp4" || network === "tcp6") return network;
  throw new UnknownNetworkError(network);
}

/**
 * The endpoints that `address` means on `network`, best first: at least one. Parks for a name.
 * Asks for Deno's net permission, for the name and for what it stands for.
 */
export function* resolve(
  network: TCPNetwork,
  address: string,
  purpose: Purpose,
): Routine<Endpoint[]> {
  if (address === "" && purpose === "dial") throw new AddrError("missing address", "");
  const { host, port: portText } = purpose === "listen" && address === ""
    ? { host: "", port: "" }
    : splitHostPort(address);
  const port = parsePort(network, portText);
  if (host === "") return permitted(emptyHost(network, purpose), port, purpose);
  const literal = parseLiteral(host, address);
  if (literal !== null) {
    const endpoints = [{ ...literal, port }].filter((endpoint) => suits(endpoint.ip, network));
    if (endpoints.length === 0) throw unsuitable(host);
    return permitted(endpoints, port, purpose);
  }
  platform().runtime.requireNet(host, port);
  const ips = (host === "localhost" ? [LOOPBACK4, LOOPBACK6] : yield* lookupIPs(host))
    .filter((ip) => suits(ip, network));
  if (ips.length === 0) throw unsuitable(host);
  for (const ip of ips) platform().runtime.refuseDeniedNet(formatIP(ip), port);
  return ips.map((ip) => ({ ip, port, scope: 0 }));
}

/** The error for a host that has no address of the right version of IP. */
export function unsuitable(host: string): AddrError {
  return new AddrError("no suitable address found", host);
}

/** An IP address with an optional zone, or null if it is a name. */
function parseLiteral(host: string, address: string): { ip: Uint8Array; scope: number } | null {
  const percent = host.indexOf("%");
  if (percent < 0) {
    const ip = parseIP(host);
    return ip === null ? null : { ip: unmap(ip), scope: 0 };
  }
  const ip = parseIP(host.slice(0, percent));
  if (ip === null || ip.length !== 16) return null;
  return { ip, scope: zoneScope(host.slice(percent + 1), address) };
}

function emptyHost(network: TCPNetwork, purpose: Purpose): Endpoint[] {
  const ip = purpose === "listen"
    ? (network === "tcp4" ? UNSPECIFIED4 : UNSPECIFIED6)
    : (network === "tcp6" ? LOOPBACK6 : LOOPBACK4);
  return [{ ip, port: 0, scope: 0 }];
}

function permitted(endpoints: Endpoint[], port: number, purpose: Purpose): Endpoint[] {
  return endpoints.map((given) => {
    // To dial the unspecified address is to dial this machine, on every system alike.
    const local = purpose === "dial" && isUnspecified(given.ip);
    const ip = local ? (given.ip.length === 4 ? LOOPBACK4 : LOOPBACK6) : given.ip;
    platform().runtime.requireNet(formatIP(ip), port);
    return { ip, port, scope: given.scope };
  });
}

function suits(ip: Uint8Array, network: TCPNetwork): boolean {
  return network === "tcp" || (network === "tcp4") === (ip.length === 4);
}

function* lookupIPs(host: string): Routine<Uint8Array[]> {
  if (scheduler.blocking) {
    throw new DNSError("names cannot be looked up under runSync, use run", host, "ENOTSUP");
  }
  const answer = new Promise<{ address: string }[]>((resolve, reject) => {
    lookup(host, { all: true }, (error, all) => error ? reject(error) : resolve(all));
  });
  try {
    const all = yield* wait(answer);
    return all.map(({ address }) => parseIP(address)).filter((ip) => ip !== null);
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    throw new DNSError(reasons[code] ?? message, host, code);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host",
  // Deno's look-up wants the permission for the whole host, whatever the port.
  EPERM: "permission denied: run Deno with --allow-net for this host, without a port",
};

/**
 * The family of a socket for `ip`, and whether it is to be deaf for IPv4. A listener on all
 * addresses of "tcp" hears both versions through one socket of IPv6.
 */
export function favoriteFamily(
  network: TCPNetwork,
  ip: Uint8Array,
  purpose: Purpose,
): { family: Family; v6only: boolean } {
  if (network === "tcp4") return { family: "ip4", v6only: false };
  if (network === "tcp6") return { family: "ip6", v6only: true };
  if (purpose === "listen" && isUnspecified(ip)) return { family: "ip6", v6only: false };
  return { family: ip.length === 4 ? "ip4" : "ip6", v6only: false };
}
