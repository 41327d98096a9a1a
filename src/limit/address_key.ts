// SPDX-License-Identifier: MIT
/** The key under which `perAddress` counts a peer. */
import type { Addr } from "../net/addr/addr.ts";
import { formatIP, parseIP, unmap } from "../net/addr/ip.ts";

/** Bits of an IPv6 address. */
export const WHOLE_ADDRESS = 128;
/** Bytes of an IPv4 address. */
const V4 = 4;

/**
 * Returns the IPv4 address of `remote`, the first `prefix` bits of its IPv6 address, or "" if it
 * has neither. Any host chooses among the addresses of its network, 2^64 of them as a rule.
 */
export function addressKey(remote: Addr, prefix: number): string {
  const { ip = "" } = remote as { readonly ip?: string };
  if (prefix >= WHOLE_ADDRESS || !ip.includes(":")) return ip;
  const bytes = unmap(parseIP(ip)!);
  if (bytes.length === V4) return formatIP(bytes);
  const whole = prefix >> 3;
  bytes.fill(0, whole + 1);
  bytes[whole] &= 0xff00 >> (prefix & 7);
  return `${formatIP(bytes)}/${prefix}`;
}
