// SPDX-License-Identifier: MIT
/** IP networks in CIDR notation, RFC 4632 and RFC 4291. Go: net/ip.go, IPNet and ParseCIDR. */
import { needString, wrongArgument } from "../../validate/argument.ts";
import { formatIP, parseIP, parseIPZone, unmap } from "./ip.ts";

/** Prefix length of IPv4-mapped addresses. */
const MAPPED_BITS = 96;

/** Network of IP addresses. Go: `net.IPNet`, with the address that `net.ParseCIDR` returns. */
export class IPNet {
  /** Address as written, 4 or 16 bytes: that of a host, or of the network. */
  readonly ip: Uint8Array;
  /** Number of leading bits that all addresses of the network share. */
  readonly prefixLength: number;
  /** First address of the network. */
  readonly network: Uint8Array;

  /** @internal */
  constructor(ip: Uint8Array, prefixLength: number) {
    this.ip = ip;
    this.prefixLength = prefixLength;
    this.network = ip.map((byte, i) => byte & maskByte(prefixLength, i));
  }

  /**
   * Returns true if `ip` is in the network. An IPv4-mapped IPv6 address counts as IPv4. Never
   * parks. Go: `IPNet.Contains`.
   *
   * @param ip bytes, or text, which may have a zone; text that is no address is in no network
   * @example
   * ```ts
   * parseCIDR("10.0.0.0/8")?.contains("10.1.2.3"); // true
   * ```
   */
  contains(ip: Uint8Array | string): boolean {
    const given = typeof ip === "string" ? parseIPZone(ip)?.ip : ip;
    if (given === undefined) return false;
    if (!(given instanceof Uint8Array)) {
      throw wrongArgument("look for an IP address", "ip", "a Uint8Array or a string", ip);
    }
    const bytes = unmap(given);
    return bytes.length === this.network.length &&
      this.network.every((byte, i) => byte === (bytes[i] & maskByte(this.prefixLength, i)));
  }

  /** Returns the network in CIDR notation, such as "192.0.2.0/24". Go: `IPNet.String`. */
  toString(): string {
    return `${formatIP(this.network)}/${this.prefixLength}`;
  }
}

/** Returns the mask for byte `i` of an address. */
function maskByte(prefixLength: number, i: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - 8 * i));
  return 0xff << (8 - bits) & 0xff;
}

/**
 * Parses an IP address and a prefix length in CIDR notation. Returns null if `text` is no such
 * thing; as in Go, leading zeros and zones are rejected. Never parks. Go: `net.ParseCIDR`.
 *
 * @param text such as "192.0.2.1/24" or "2001:db8::/32"
 * @example
 * ```ts
 * const net = parseCIDR("192.0.2.1/24")!;
 * console.log(`${net}`, formatIP(net.ip)); // 192.0.2.0/24 192.0.2.1
 * ```
 */
export function parseCIDR(text: string): IPNet | null {
  needString("parse a CIDR network", "text", text);
  const slash = text.indexOf("/");
  const bits = text.slice(slash + 1);
  const ip = slash < 0 ? null : parseIP(text.slice(0, slash));
  if (ip === null || !/^(0|[1-9][0-9]{0,2})$/.test(bits) || Number(bits) > 8 * ip.length) {
    return null;
  }
  const plain = unmap(ip);
  // For a mapped address, count only the bits of the IPv4 address.
  const inV4 = plain.length < ip.length ? Number(bits) - MAPPED_BITS : Number(bits);
  return inV4 < 0 ? new IPNet(ip, Number(bits)) : new IPNet(plain, inV4);
}
