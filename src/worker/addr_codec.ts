// SPDX-License-Identifier: MIT
/** Addresses in messages to another thread: a structured clone loses their class. */
import { type Addr, TCPAddr } from "../net/addr/addr.ts";
import { splitHostPort } from "../net/addr/host_port.ts";
import { isUnixNetwork, UnixAddr } from "../net/addr/unix_addr.ts";

/** An address of TCP or of a Unix socket, without its class. */
export interface EncodedAddr {
  readonly network: string;
  readonly text: string;
}

/** Encodes `addr`. */
export function encodeAddr(addr: Addr): EncodedAddr {
  return { network: addr.network, text: String(addr) };
}

/** Decodes an address. */
export function decodeAddr({ network, text }: EncodedAddr): Addr {
  if (isUnixNetwork(network)) return new UnixAddr(text, network);
  const { host, port } = splitHostPort(text);
  return new TCPAddr(host, Number(port));
}
