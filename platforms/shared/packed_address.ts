// SPDX-License-Identifier: MIT
/**
 * An IPv4 address and its port in one number. A server stores the peer's address for every
 * connection but rarely reads it: as a number it needs no object.
 */
import { SOCKADDR_IN, SOCKADDR_IN6 } from "./sockaddr.ts";
import type { Endpoint } from "../contract/sockets.ts";

const PORTS = 0x10000;
const PORT_AT = SOCKADDR_IN.port;
const V4_AT = SOCKADDR_IN.addr;
const V6_AT = SOCKADDR_IN6.addr;

/**
 * Packs the address of a `struct sockaddr_in`, or of a `sockaddr_in6` with an IPv4-mapped address;
 * returns -1 for any other.
 *
 * @param v4 whether it is a `sockaddr_in`
 */
export function packAddress(address: Uint8Array, v4: boolean): number {
  if (!v4 && !isMapped(address)) return -1;
  const at = v4 ? V4_AT : V6_AT + 12;
  const low = (address[at + 1] << 16) | (address[at + 2] << 8) | address[at + 3];
  return (address[at] * 0x1000000 + low) * PORTS + ((address[PORT_AT] << 8) | address[PORT_AT + 1]);
}

/** Reverses {@linkcode packAddress}. */
export function unpackAddress(packed: number): Endpoint {
  const bits = Math.floor(packed / PORTS);
  const ip = Uint8Array.of(bits >>> 24, bits >>> 16, bits >>> 8, bits);
  return { ip, port: packed % PORTS, scope: 0 };
}

function isMapped(address: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (address[V6_AT + i] !== 0) return false;
  return address[V6_AT + 10] === 0xff && address[V6_AT + 11] === 0xff;
}
