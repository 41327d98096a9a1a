// SPDX-License-Identifier: MIT
/** The hosts that NO_PROXY excludes. Go: golang.org/x/net/http/httpproxy, config.useProxy. */
import { nodeModule } from "../../platforms/contract/host.ts";
import { type IPNet, parseCIDR } from "../net/addr/cidr.ts";
import { AddrError } from "../net/addr/errors.ts";
import { splitHostPort } from "../net/addr/host_port.ts";
import { parseIP, unmap } from "../net/addr/ip.ts";

/** Reports whether a host and its port are excluded; `ip` has the bytes of a host that is an address. */
type Matcher = (host: string, port: string, ip: Uint8Array | null) => boolean;

const LOOPBACK_BYTE = 127;

/**
 * Reports whether `host`, without brackets and in lower case, is reached without a proxy: it is this
 * machine, or is on the list `noProxy`.
 */
export function excluded(noProxy: string, host: string, port: string): boolean {
  const ip = parseIP(host);
  if (host === "localhost" || (ip !== null && isLoopback(ip))) return true;
  return noProxy.split(",").some((entry) =>
    matcherOf(entry.trim().toLowerCase())?.(host, port, ip)
  );
}

function isLoopback(ip: Uint8Array): boolean {
  const bytes = unmap(ip);
  if (bytes.length === 4) return bytes[0] === LOOPBACK_BYTE;
  return bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

/** The matcher of one entry; null for one that is ignored. */
function matcherOf(entry: string): Matcher | null {
  if (entry === "") return null;
  if (entry === "*") return () => true;
  const network = parseCIDR(entry);
  if (network !== null) return inNetwork(network);
  const { host, port } = split(entry);
  if (host === "") return null;
  const fits = (other: string) => port === "" || port === other;
  const own = parseIP(host);
  if (own !== null) return (_, other, ip) => ip !== null && same(own, ip) && fits(other);
  // "example.org" is for itself and all below, ".example.org" and "*.example.org" for those below.
  const [, front, rest] = /^(\*?\.)?(.*)$/.exec(host)!;
  const name = asciiName(rest);
  const itself = front === undefined;
  return (other, otherPort) =>
    (other.endsWith(`.${name}`) || (itself && other === name)) && fits(otherPort);
}

/** The name as URLs have it. One without an ASCII form fits no host. */
function asciiName(name: string): string {
  return /^[\x20-\x7e]*$/.test(name) ? name : nodeModule("node:url").domainToASCII(name) || name;
}

function inNetwork(network: IPNet): Matcher {
  return (_host, _port, ip) => ip !== null && network.contains(ip);
}

function split(entry: string): { host: string; port: string } {
  try {
    return splitHostPort(entry);
  } catch (error) {
    if (!(error instanceof AddrError)) throw error;
    return { host: entry, port: "" };
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [unmap(a), unmap(b)];
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}
