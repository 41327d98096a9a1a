// SPDX-License-Identifier: MIT
/**
 * Cache of datagram peers of this thread: the address of a known sender is not allocated again, nor
 * encoded again for a reply.
 */
import { shown } from "../../validate/argument.ts";
import type { SocketName } from "../../../platforms/contract/packets.ts";
import { platform } from "../../../platforms/platform.ts";
import type { Family, RawAddress } from "../../../platforms/contract/platform.ts";
import { endpointOf, UDPAddr, udpAddr } from "../addr/addr.ts";
import { AddrError } from "../addr/errors.ts";
import { fit, formatIP, isUnspecified, unmap } from "../addr/ip.ts";
import { registerState } from "../../sched/thread_state.ts";

const LOOPBACK4 = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** A sender, with the words of its kernel address. */
interface Peer {
  readonly words: Int32Array;
  readonly addr: UDPAddr;
}

/** Number of sets of slots: an address may be in any slot of the one that its hash selects. */
const SETS = 256;
/**
 * Number of slots of a set. With a single one, a few dozen senders already displace each other, and
 * on Deno the permission of a displaced one is asked for again: that costs as much as an echo.
 */
const WAYS = 4;
/** The most recent senders, set by set: in each, the newest first. */
let peers = noPeers();

function noPeers(): (Peer | undefined)[] {
  return new Array<Peer | undefined>(SETS * WAYS).fill(undefined);
}

/** Returns a UDP address written by the kernel. */
export function senderAddr({ words, at, length }: SocketName): UDPAddr {
  const count = length >> 2;
  let hash = 0;
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ words[at + i], 0x9e3779b1);
  const first = (hash >>> 24) * WAYS;
  for (let i = first; i < first + WAYS; i++) {
    const peer = peers[i];
    if (peer !== undefined && same(peer.words, words, at, count)) return peer.addr;
  }
  const copy = words.slice(at, at + count) as Int32Array<ArrayBuffer>;
  const addr = udpAddr(new Uint8Array(copy.buffer));
  peers.copyWithin(first + 1, first, first + WAYS - 1);
  peers[first] = { words: copy, addr };
  received.add(addr);
  return addr;
}

function same(known: Int32Array, words: Int32Array, at: number, count: number): boolean {
  if (known.length !== count) return false;
  for (let i = 0; i < count; i++) if (known[i] !== words[at + i]) return false;
  return true;
}

/** Encoded forms of an address, for sockets of each IP version. */
interface Forms {
  ip4?: RawAddress;
  ip6?: RawAddress;
}

/** Addresses are immutable, so their encodings are cached as long as they live. */
let known = new WeakMap<UDPAddr, Forms>();
/** Addresses received with a datagram: a reply to a remote peer never prompts. */
let received = new WeakSet<UDPAddr>();

registerState("peer cache", {
  fresh: () => ({
    peers: noPeers(),
    known: new WeakMap<UDPAddr, Forms>(),
    received: new WeakSet<UDPAddr>(),
  }),
  save: () => ({ peers, known, received }),
  restore: (state) => ({ peers, known, received } = state),
});

/**
 * Encodes `addr` for a socket of `family`. The first time, requires Deno's permission. Throws
 * AddrError with Go's message for the wrong IP version.
 */
export function kernelForm(addr: UDPAddr, family: Family): RawAddress {
  let forms = known.get(addr);
  const form = forms?.[family];
  if (form !== undefined) return form;
  if (!(addr instanceof UDPAddr)) {
    throw new TypeError(
      `Cannot send as addr must be a UDPAddr: current value is ${shown(addr)}`,
    );
  }
  const { sockaddr, runtime } = platform();
  const endpoint = endpointOf(addr);
  const { port, scope } = endpoint;
  const ip = unmap(endpoint.ip);
  if (!(Number.isInteger(port) && port >= 0 && port <= 0xffff)) {
    throw new AddrError("invalid port", shown(port));
  }
  if (family === "ip4" && ip.length === 16) throw new AddrError("non-IPv4 address", addr.ip);
  const reached = destination(ip, family);
  runtime.requireNet(formatIP(reached), port, !received.has(addr));
  const raw = sockaddr.encode({ ip: reached, port, scope });
  if (forms === undefined) known.set(addr, forms = {});
  return forms[family] = raw;
}

/**
 * Returns the actual destination of `ip`, in the length that a socket of `family` needs: as on
 * Linux, the unspecified address means this machine.
 */
export function destination(ip: Uint8Array, family: Family): Uint8Array {
  const length = family === "ip4" ? 4 : 16;
  if (ip.length === 0) return length === 4 ? LOOPBACK4 : LOOPBACK6;
  if (!isUnspecified(ip)) return fit(ip, length);
  return ip.length === 4 ? fit(LOOPBACK4, length) : LOOPBACK6;
}
