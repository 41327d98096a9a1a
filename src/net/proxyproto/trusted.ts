// SPDX-License-Identifier: MIT
/** Peers whose headers are trusted: addresses and networks. */
import type { Addr } from "../addr/addr.ts";
import { parseIP, unmap } from "../addr/ip.ts";
import { wrongArgument } from "../../validate/argument.ts";

/** Entry for every peer of a Unix socket. */
const UNIX = "unix";
/** Prefix length of IPv4-mapped addresses. */
const MAPPED_BITS = 96;

/** Addresses that share their first `bits` bits. */
interface IPNetwork {
  readonly ip: Uint8Array;
  readonly bits: number;
}

/** See the top of this file. */
export class TrustedPeers {
  readonly #unix: boolean;
  readonly #networks: readonly IPNetwork[];

  /** Throws TypeError for an invalid entry. */
  constructor(entries: readonly string[]) {
    this.#unix = entries.includes(UNIX);
    this.#networks = entries.filter((entry) => entry !== UNIX).map(parseNetwork);
  }

  /** Whether `peer` is trusted. */
  has(peer: Addr): boolean {
    const { ip } = peer as { readonly ip?: string };
    if (ip === undefined) return this.#unix;
    const bytes = parseIP(ip);
    return bytes !== null && this.#networks.some((network) => contains(network, unmap(bytes)));
  }
}

function parseNetwork(entry: string): IPNetwork {
  const [, text, prefix] = /^([0-9a-fA-F.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(entry) ?? [];
  const whole = text === undefined ? null : parseIP(text);
  if (whole === null || Number(prefix ?? 0) > whole.length * 8) throw wrongEntry(entry);
  const ip = unmap(whole);
  if (prefix === undefined) return { ip, bits: ip.length * 8 };
  if (ip.length === whole.length) return { ip, bits: Number(prefix) };
  if (Number(prefix) < MAPPED_BITS) throw wrongEntry(entry);
  return { ip, bits: Number(prefix) - MAPPED_BITS };
}

function wrongEntry(entry: string): TypeError {
  const kind = 'an IP address, a network such as "10.0.0.0/8", or "unix"';
  return wrongArgument("listen", "each of proxyProtocol.trusted", kind, entry);
}

function contains({ ip, bits }: IPNetwork, other: Uint8Array): boolean {
  if (ip.length !== other.length) return false;
  const whole = bits >> 3;
  const mask = 0xff00 >> (bits & 7) & 0xff;
  return other.every((byte, i) =>
    i > whole || (i < whole ? byte === ip[i] : ((byte ^ ip[i]) & mask) === 0)
  );
}
