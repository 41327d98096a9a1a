// SPDX-License-Identifier: MIT
/** Sorts addresses in the order to try them. RFC 6724, section 6. Go: net/addrselect.go. */
import { platform } from "../../platforms/platform.ts";
import { fit, unmap } from "../net/addr/ip.ts";

/** A destination with the source address for it; null if it is unreachable. */
interface Candidate {
  readonly ip: Uint8Array;
  readonly source: Uint8Array | null;
  readonly scope: number;
  readonly precedence: number;
  readonly scopeMatches: boolean;
  readonly labelMatches: boolean;
  /** Length of the common prefix of both, for an IPv6 address. */
  readonly commonBits: number;
}

/** Prefixes of the policy table, the longest first. RFC 6724, section 2.1. */
const POLICIES: readonly (readonly [
  prefix: readonly number[],
  bits: number,
  precedence: number,
  label: number,
])[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 128, 50, 0],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96, 35, 4],
  [[], 96, 1, 3],
  [[0x20, 0x01], 32, 5, 5],
  [[0x20, 0x02], 16, 30, 2],
  [[0x3f, 0xfe], 16, 1, 12],
  [[0xfe, 0xc0], 10, 1, 11],
  [[0xfc], 7, 3, 13],
  [[], 0, 40, 1],
];

/** Scopes of addresses. RFC 6724, section 3.1; RFC 4291, section 2.7. */
const LINK_LOCAL = 2, SITE_LOCAL = 5, GLOBAL = 14;

/**
 * Sorts addresses by RFC 6724; the sort is stable.
 *
 * @param sourceOf returns the source address for a destination; the kernel's by default
 */
export function sortAddresses(
  ips: readonly Uint8Array[],
  sourceOf: (ip: Uint8Array) => Uint8Array | null = sourceFor,
): Uint8Array[] {
  if (ips.length < 2) return [...ips];
  return ips.map((ip) => candidate(ip, sourceOf(ip))).sort(compare).map(({ ip }) => ip);
}

function candidate(ip: Uint8Array, source: Uint8Array | null): Candidate {
  const [, , precedence, label] = policyOf(ip);
  const scope = scopeOf(ip);
  return {
    ip,
    source,
    scope,
    precedence,
    scopeMatches: source !== null && scope === scopeOf(source),
    labelMatches: source !== null && label === policyOf(source)[3],
    // For IPv4, the common prefix does not indicate distance. golang issue 13283.
    commonBits: source !== null && ip.length === 16 ? Math.min(commonBits(ip, source), 64) : 0,
  };
}

/**
 * Compares by rules 1, 2, 5, 6, 8 and 9: the others need information that a program does not have.
 */
function compare(a: Candidate, b: Candidate): number {
  if (a.source === null || b.source === null) return rank(b.source !== null, a.source !== null);
  return rank(b.scopeMatches, a.scopeMatches) ||
    rank(b.labelMatches, a.labelMatches) ||
    b.precedence - a.precedence ||
    a.scope - b.scope ||
    (a.ip.length === 16 && b.ip.length === 16 ? b.commonBits - a.commonBits : 0);
}

/** Compares booleans: negative if only `a` is true. */
function rank(b: boolean, a: boolean): number {
  return Number(b) - Number(a);
}

function policyOf(ip: Uint8Array): (typeof POLICIES)[number] {
  const whole = fit(ip, 16);
  return POLICIES.find(([prefix, bits]) => matches(whole, prefix, bits))!;
}

function matches(ip: Uint8Array, prefix: readonly number[], bits: number): boolean {
  for (let i = 0; i * 8 < bits; i++) {
    const mask = bits - i * 8 >= 8 ? 0xff : 0xff << (8 - bits % 8) & 0xff;
    if (((ip[i] ^ (prefix[i] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

function scopeOf(ip: Uint8Array): number {
  const v4 = unmap(ip);
  if (v4.length === 4) {
    return v4[0] === 127 || (v4[0] === 169 && v4[1] === 254) ? LINK_LOCAL : GLOBAL;
  }
  if (ip[0] === 0xff) return ip[1] & 0xf;
  if (isLoopback6(ip) || (ip[0] === 0xfe && (ip[1] & 0xc0) === 0x80)) return LINK_LOCAL;
  return ip[0] === 0xfe && (ip[1] & 0xc0) === 0xc0 ? SITE_LOCAL : GLOBAL;
}

function isLoopback6(ip: Uint8Array): boolean {
  return ip[15] === 1 && ip.subarray(0, 15).every((byte) => byte === 0);
}

/** Returns the length of the common prefix of two addresses. */
function commonBits(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const differ = a[i] ^ b[i];
    if (differ !== 0) return i * 8 + Math.clz32(differ) - 24;
  }
  return length * 8;
}

/** Asks the kernel by connecting a datagram socket, which sends nothing. */
function sourceFor(ip: Uint8Array): Uint8Array | null {
  const { packets, sockets, sockaddr } = platform();
  const fd = packets.socket(ip.length === 16 ? "ip6" : "ip4");
  if (fd < 0) return null;
  try {
    if (sockets.connect(fd, sockaddr.encode({ ip, port: 9, scope: 0 })) < 0) return null;
    const local = sockets.localAddress(fd);
    return typeof local === "number" ? null : sockaddr.decode(local).ip;
  } finally {
    sockets.close(fd);
  }
}
