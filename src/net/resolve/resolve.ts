// SPDX-License-Identifier: MIT
/** Resolves "host:port" to endpoints. Go: net/ipsock.go, internetAddrList; net/ipsock_posix.go. */
import { needString } from "../../validate/argument.ts";
import { platform } from "../../../platforms/platform.ts";
import type { Endpoint, Family } from "../../../platforms/contract/platform.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { endpointAddr, type TCPAddr, type UDPAddr } from "../addr/addr.ts";
import { AddrError, UnknownNetworkError } from "../addr/errors.ts";
import { splitHostPort } from "../addr/host_port.ts";
import { fit, formatIP, isUnspecified, parseIPZone, unmap } from "../addr/ip.ts";
import { CallDeadline } from "../options/call_options.ts";
import { type Asking, type HostAddress, type IPNetwork, lookupAddresses } from "./lookup.ts";
import { checkLookupOptions } from "../options/schema.ts";
import type { LookupOptions } from "../options/options.ts";
import { lookupPort } from "./service_port.ts";
import { zoneScope } from "../addr/zone.ts";
import { noted } from "../../sched/calls.ts";

/** Networks of TCP: both IP versions, or one of them. */
export type TCPNetwork = "tcp" | "tcp4" | "tcp6";
/** Networks of UDP: both IP versions, or one of them. */
export type UDPNetwork = "udp" | "udp4" | "udp6";
/** Networks whose addresses are "host:port". */
export type InternetNetwork = TCPNetwork | UDPNetwork;

/**
 * Purpose of an address: an unspecified host means all local addresses, or the loopback address.
 */
export type Purpose = "listen" | "dial";

/** No host: Go's nil IP. */
const NO_HOST = new Uint8Array(0);
const UNSPECIFIED4 = new Uint8Array(4);
const LOOPBACK4 = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** Returns `network` if it is one of TCP, and throws otherwise. */
export function tcpNetwork(network: string): TCPNetwork {
  if (network === "tcp" || network === "tcp4" || network === "tcp6") return network;
  throw new UnknownNetworkError(network);
}

/** Returns `network` if it is one of UDP, and throws otherwise. */
export function udpNetwork(network: string): UDPNetwork {
  if (isUDPNetwork(network)) return network;
  throw new UnknownNetworkError(network);
}

/** Whether `network` is one of UDP. */
export function isUDPNetwork(network: string): network is UDPNetwork {
  return network === "udp" || network === "udp4" || network === "udp6";
}

/** Returns `network` if it is one of TCP or UDP, and throws otherwise. */
export function internetNetwork(network: string): InternetNetwork {
  return isUDPNetwork(network) ? network : tcpNetwork(network);
}

/**
 * Resolves "host:port" to one address. Parks only to look up a name; of its addresses, IPv4 is
 * preferred unless the host is in brackets. Go: `net.ResolveTCPAddr`.
 *
 * @param network "tcp", "tcp4", "tcp6", or "" for "tcp"
 * @param address "host:port"; both may be names, and either may be missing
 * @param options see {@linkcode LookupOptions}
 * @throws {AddrError} if the address is invalid, its zone or service unknown, or its IP version
 * wrong; {@linkcode UnknownNetworkError}; {@linkcode DNSError}
 * @example
 * ```ts
 * String(yield* resolveTCPAddr("tcp", "[::ffff:127.0.0.1]:http")); // "127.0.0.1:80"
 * ```
 */
export function resolveTCPAddr(
  network: TCPNetwork | "",
  address: string,
  options: LookupOptions = {},
): Routine<TCPAddr> {
  const checked = tcpNetwork(network === "" ? "tcp" : network);
  return noted("resolveTCPAddr", resolveAddr(checked, address, options));
}

/**
 * Resolves "host:port" to one UDP address. See {@linkcode resolveTCPAddr}. Go:
 * `net.ResolveUDPAddr`.
 *
 * @param network "udp", "udp4", "udp6", or "" for "udp"
 * @example
 * ```ts
 * const addr = yield* resolveUDPAddr("udp", "127.0.0.1:53");
 * using conn = yield* listenPacket("udp", "127.0.0.1:0");
 * yield* conn.writeTo(query, addr);
 * ```
 */
export function resolveUDPAddr(
  network: UDPNetwork | "",
  address: string,
  options: LookupOptions = {},
): Routine<UDPAddr> {
  const checked = udpNetwork(network === "" ? "udp" : network);
  return noted("resolveUDPAddr", resolveAddr(checked, address, options));
}

function* resolveAddr(
  network: InternetNetwork,
  address: string,
  options: LookupOptions,
): Routine<TCPAddr | UDPAddr> {
  const { lookup, resolver, ...limits } = checkLookupOptions("resolve an address", options);
  const asking = { lookup, resolver, limits: new CallDeadline(limits) };
  const parsed = parse(network, address);
  if (parsed.literals === null && isSystems(asking)) {
    platform().runtime.requireNet(parsed.host, parsed.port);
  }
  const all = yield* endpointsOf(network, parsed, asking);
  const wanted = address.includes("[") ? 16 : 4;
  return endpointAddr(network, all.find(({ ip }) => ip.length === wanted) ?? all[0]);
}

/**
 * Resolves `address` on `network` to endpoints, best first: at least one. Parks to look up a name.
 * Requires Deno's net permission for the name and for its addresses.
 *
 * @param early called with the endpoints of one IP version while those of the other are unknown
 */
export function* resolve(
  network: InternetNetwork,
  address: string,
  purpose: Purpose,
  asking: Asking,
  early: EarlyEndpoints | null = null,
): Routine<Endpoint[]> {
  if (address === "" && purpose === "dial") throw new AddrError("missing address", "");
  const { runtime } = platform();
  const parsed = parse(network, address);
  const named = parsed.literals === null;
  if (named) runtime.requireNet(parsed.host, parsed.port);
  const covered = named && isSystems(asking);
  const permit = (endpoint: Endpoint) => permitted(network, endpoint, purpose, covered);
  const { port } = parsed;
  const told = early === null ? asking : {
    ...asking,
    early: (found: HostAddress[]) => early(found.map((each) => permit({ ...each, port }))),
  };
  return (yield* endpointsOf(network, parsed, told)).map(permit);
}

/** Called with the endpoints of one IP version, while those of the other are still unknown. */
export type EarlyEndpoints = (endpoints: Endpoint[]) => void;

/** Whether the host in "host:port" is a name; false for an invalid address. */
export function isNamed(address: string): boolean {
  const host = address.slice(0, Math.max(address.lastIndexOf(":"), 0));
  return host !== "" && !host.startsWith("[") && parseIPZone(host) === null;
}

/**
 * Whether the system's resolver is used: addresses from a custom lookup need a permission of their
 * own.
 */
function isSystems({ lookup, resolver }: Asking): boolean {
  return lookup === undefined && typeof resolver !== "object";
}

/**
 * Requires Deno's net permission for the address to bind or to connect to; if the permission for
 * its name covers it, only a denial counts.
 *
 * Listening on 0.0.0.0 of "tcp" or "udp" means all addresses of both IP versions, as in Go. If only
 * 0.0.0.0 is permitted, and not [::], it means the IPv4 addresses.
 */
function permitted(
  network: InternetNetwork,
  endpoint: Endpoint,
  purpose: Purpose,
  covered: boolean,
): Endpoint {
  const { runtime } = platform();
  const { ip, port } = endpoint;
  const asWritten = purpose === "listen" && ip.length > 0;
  const text = formatIP(asWritten ? ip : reached(network, endpoint, purpose));
  if (covered) runtime.refuseDeniedNet(text, port);
  else runtime.requireNet(text, port);
  const { family } = favoriteFamily(network, endpoint, purpose);
  const both = asWritten && ip.length === 4 && family === "ip6";
  return both && !runtime.permitsNet("::", port) ? { ...endpoint, only: "ip4" } : endpoint;
}

/** Parsed "host:port"; `literals` is null if the host is a name. */
interface Parsed {
  readonly host: string;
  readonly port: number;
  readonly literals: Endpoint[] | null;
}

function parse(network: InternetNetwork, address: string): Parsed {
  needString("resolve an address", "address", address);
  const split = address === "" ? { host: "", port: "" } : splitHostPort(address);
  const { host } = split;
  const port = lookupPort(network, split.port);
  if (host === "") return { host, port, literals: [{ ip: NO_HOST, port, scope: 0 }] };
  const literal = parseIPZone(host);
  if (literal === null) return { host, port, literals: null };
  const ip = unmap(literal.ip);
  // As in Go, [::] means 0.0.0.0 on a machine without IPv6. golang issue 18806.
  const all4 = network.endsWith("4") && isUnspecified(ip);
  const scope = zoneScope(literal.zone, address);
  return { host, port, literals: [{ ip: all4 ? UNSPECIFIED4 : ip, port, scope }] };
}

function* endpointsOf(
  network: InternetNetwork,
  { host, port, literals }: Parsed,
  asking: Asking,
): Routine<Endpoint[]> {
  const all = literals ??
    (yield* lookupAddresses(host, asking, ipNetwork(network))).map((found) => ({ ...found, port }));
  const suitable = all.filter(({ ip }) => suits(ip, network));
  if (suitable.length === 0) throw unsuitable(host);
  return suitable;
}

function ipNetwork(network: InternetNetwork): IPNetwork {
  if (network.length === 3) return "ip";
  return network.endsWith("4") ? "ip4" : "ip6";
}

function suits(ip: Uint8Array, network: InternetNetwork): boolean {
  if (ip.length === 0 || network.length === 3) return true;
  return network.endsWith("4") === (ip.length === 4);
}

/** Creates the error for a host without an address of the right IP version. */
export function unsuitable(host: string): AddrError {
  return new AddrError("no suitable address found", host);
}

/**
 * Returns the address that is actually bound or connected to for `endpoint`, in the length that its
 * socket needs. Dialing the unspecified address means dialing this machine, on every system.
 */
export function reached(
  network: InternetNetwork,
  endpoint: Endpoint,
  purpose: Purpose,
): Uint8Array {
  const { family } = favoriteFamily(network, endpoint, purpose);
  const length = family === "ip6" ? 16 : 4;
  if (purpose === "dial" && isUnspecified(endpoint.ip)) return length === 4 ? LOOPBACK4 : LOOPBACK6;
  return fit(endpoint.ip, length);
}

/**
 * Returns the socket family for `ip`, and whether the socket rejects IPv4. A listener on all
 * addresses of "tcp" or "udp" accepts both versions through one IPv6 socket.
 */
export function favoriteFamily(
  network: InternetNetwork,
  { ip, only }: Endpoint,
  purpose: Purpose,
): { family: Family; v6only: boolean } {
  if (network.endsWith("4") || only === "ip4") return { family: "ip4", v6only: false };
  if (network.endsWith("6")) return { family: "ip6", v6only: true };
  if (purpose === "listen" && isUnspecified(ip)) return { family: "ip6", v6only: false };
  return { family: ip.length === 16 ? "ip6" : "ip4", v6only: false };
}
