// SPDX-License-Identifier: MIT
/**
 * An IPv4 address and its port in one number. A server keeps its peer's address for every
 * connection, and mostly nobody asks for it: as a number it costs no object.
 */
import type { Endpoint } from "./types.ts";

const PORTS = 0x10000;
/** Where an address begins in a `struct sockaddr_in`, and in a `sockaddr_in6`. */
const V4_AT = 4;
const V6_AT = 8;

/**
 * The address in a `struct sockaddr_in`, or in a `sockaddr_in6` if it is an IPv4 address in IPv6's
 * clothes, packed; -1 if it is neither. Both have the port, and the address, at the same place on
 * every system.
 *
 * @param v4 whether its family is that of IPv4
 */
export function packAddress(address: Uint8Array, v4: boolean): number {
  if (!v4 && !isMapped(address)) return -1;
  const at = v4 ? V4_AT : V6_AT + 12;
  const low = (address[at + 1] << 16) | (address[at + 2] << 8) | address[at + 3];
  return (address[at] * 0x1000000 + low) * PORTS + ((address[2] << 8) | address[3]);
}

/** What {@linkcode packAddress} packed. */
export function unpackAddress(packed: number): Endpoint {
  const bits = Math.floor(packed / PORTS);
  const ip = Uint8Array.of(bits >>> 24, bits >>> 16, bits >>> 8, bits);
  return { ip, port: packed % PORTS, scope: 0 };
}

function isMapped(address: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (address[V6_AT + i] !== 0) return false;
  return address[V6_AT + 10] === 0xff && address[V6_AT + 11] === 0xff;
}
