// SPDX-License-Identifier: MIT
/**
 * IP addresses as table keys: one string per address; an IPv4-mapped address has the key of IPv4.
 */

/** Address of a simulated socket. */
export interface SocketAddress {
  /** See {@linkcode keyOf}. */
  readonly ip: string;
  readonly port: number;
}

/** The unspecified address, of either version. */
export const ANY = "*";
export const LOOPBACK4 = "127.0.0.1";
export const LOOPBACK6 = "::1";

const LOOPBACK6_BYTES = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** Whether 16 bytes are an IPv4-mapped address. */
function isMapped(ip: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (ip[i] !== 0) return false;
  return ip[10] === 0xff && ip[11] === 0xff;
}

/**
 * Returns the key of an address of 4 or 16 bytes: "10.0.0.1", 32 hexadecimal digits, "::1" or "*".
 */
export function keyOf(ip: Uint8Array): string {
  if (ip.every((byte) => byte === 0)) return ANY;
  if (ip.length === 4) return ip.join(".");
  if (isMapped(ip)) return keyOf(ip.subarray(12));
  if (ip.every((byte, i) => byte === LOOPBACK6_BYTES[i])) return LOOPBACK6;
  return Array.from(ip, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Returns whether a key is an IPv4 address. */
export function isV4(key: string): boolean {
  return key.includes(".");
}

/** Returns whether a key is a loopback address. */
export function isLoopback(key: string): boolean {
  return key === LOOPBACK6 || key.startsWith("127.");
}

/** Converts a key to bytes: 4 for IPv4 unless `wide`, otherwise 16. */
export function bytesOf(key: string, wide: boolean): Uint8Array {
  if (key === ANY) return new Uint8Array(wide ? 16 : 4);
  if (isV4(key)) {
    const v4 = key.split(".").map(Number);
    return Uint8Array.from(wide ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...v4] : v4);
  }
  if (key === LOOPBACK6) return LOOPBACK6_BYTES.slice();
  return Uint8Array.from({ length: 16 }, (_, i) => parseInt(key.slice(2 * i, 2 * i + 2), 16));
}
