// SPDX-License-Identifier: MIT
/** IP addresses as bytes and as text. Go: net/ip.go and net/netip, with the same strictness. */
import { needString, wrongArgument } from "../../validate/argument.ts";

/** Length of an IPv4 address in bytes. */
const V4 = 4;
/** Length of an IPv6 address in bytes. */
const V6 = 16;

/**
 * Parses an IP address. Returns 4 bytes for IPv4, 16 bytes for IPv6, or null if `text` is neither.
 * Leading zeros in IPv4 are rejected, as in Go, because some programs read them as octal. A zone is
 * not part of an address. Never parks. Go: `net.ParseIP`.
 *
 * @param text such as "192.0.2.1" or "2001:db8::1"
 * @example
 * ```ts
 * parseIP("::1")?.length; // 16
 * ```
 */
export function parseIP(text: string): Uint8Array | null {
  needString("parse an IP address", "text", text);
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Uint8Array | null {
  // Fast path: few names begin with a digit.
  if (!isDigit(text.charCodeAt(0))) return null;
  const bytes = new Uint8Array(V4);
  let part = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (digits === 0 || ++part === V4) return null;
      digits = 0;
      continue;
    }
    if (!isDigit(code) || (digits > 0 && bytes[part] === 0)) return null;
    const value = bytes[part] * 10 + code - 0x30;
    if (value > 255) return null;
    bytes[part] = value;
    digits++;
  }
  return part === V4 - 1 && digits > 0 ? bytes : null;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function parseV6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0], halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1], true) : [];
  if (head === null || tail === null) return null;
  const missing = V6 - head.length - tail.length;
  // "::" stands for at least one group of zeros; without it, all groups must be present.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** Parses groups between colons; the last two groups of an address may be written as IPv4. */
function parseGroups(text: string, atEnd: boolean): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (group.includes(".") && atEnd && i === groups.length - 1) {
      const v4 = parseV4(group);
      if (v4 === null) return null;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

/**
 * Parses an IP address with an optional IPv6 zone after a percent sign. Returns null if `text` is
 * not one. Never parks. Go: `netip.ParseAddr`.
 *
 * @param text such as "fe80::1%eth0"; without a zone, `zone` is ""
 * @example
 * ```ts
 * parseIPZone("fe80::1%lo")?.zone; // "lo"
 * ```
 */
export function parseIPZone(text: string): { ip: Uint8Array; zone: string } | null {
  needString("parse an IP address", "text", text);
  const percent = text.indexOf("%");
  const ip = parseIP(percent < 0 ? text : text.slice(0, percent));
  if (ip === null || percent < 0) return ip && { ip, zone: "" };
  const zone = text.slice(percent + 1);
  return zone === "" || unmap(ip).length === V4 ? null : { ip, zone };
}

/** Whether 16 bytes are an IPv4-mapped address (::ffff:192.0.2.1). */
function isMapped(ip: Uint8Array): boolean {
  return ip.length === V6 && ip[10] === 0xff && ip[11] === 0xff &&
    ip.subarray(0, 10).every((byte) => byte === 0);
}

/** Returns the 4 bytes of an IPv4 address, mapped or not; any other address is unchanged. */
export function unmap(ip: Uint8Array): Uint8Array {
  return isMapped(ip) ? ip.slice(12) : ip;
}

/** Maps an IPv4 address to IPv6; any other address is unchanged. */
function mapTo6(ip: Uint8Array): Uint8Array {
  if (ip.length === V6) return ip;
  return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...ip]);
}

/**
 * Converts `ip` to `length` bytes for a socket of that family; the unspecified address stays
 * unspecified.
 */
export function fit(ip: Uint8Array, length: number): Uint8Array {
  if (ip.length === length) return ip;
  return isUnspecified(ip) ? new Uint8Array(length) : mapTo6(ip);
}

/** Whether `ip` is 0.0.0.0, ::, or empty. */
export function isUnspecified(ip: Uint8Array): boolean {
  return unmap(ip).every((byte) => byte === 0);
}

/**
 * Formats an IP address as text, by RFC 5952. IPv4-mapped addresses are printed as IPv4; no bytes
 * give "". Never parks. Go: `IP.String`.
 *
 * @param ip 4 or 16 bytes
 * @throws {RangeError} if the length is not 0, 4 or 16
 * @example
 * ```ts
 * formatIP(parseIP("::ffff:7f00:1")!); // "127.0.0.1"
 * ```
 */
export function formatIP(ip: Uint8Array): string {
  if (!(ip instanceof Uint8Array)) {
    throw wrongArgument("format an IP address", "ip", "a Uint8Array", ip);
  }
  const bytes = unmap(ip);
  if (bytes.length === V4) return bytes.join(".");
  if (bytes.length === V6) return formatV6(bytes);
  if (bytes.length === 0) return "";
  throw new RangeError(
    `Cannot format an IP address as ip must have 4 or 16 bytes: current value is ${bytes.length}`,
  );
}

function formatV6(ip: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (ip[2 * i] << 8) | ip[2 * i + 1]);
  const { start, length } = longestZeros(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** Returns the first of the longest runs of zero groups. */
function longestZeros(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
