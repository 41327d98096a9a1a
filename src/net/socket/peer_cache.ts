// SPDX-License-Identifier: MIT
/**
 * Who sends datagrams to this thread. The address of one who has sent before is not made anew, nor
 * put into the kernel's form again for the answer.
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

/** One who has sent, with the words of the kernel's address. */
interface Peer {
  readonly words: Int32Array;
  readonly addr: UDPAddr;
}

/** Each address has one place, where the last of those that share it is kept. */
const PLACES = 256;
let peers: (Peer | undefined)[] = new Array(PLACES).fill(undefined);

/** The address that the kernel wrote, which must be one of UDP. */
export function senderAddr({ words, at, length }: SocketName): UDPAddr {
  const count = length >> 2;
  let hash = 0;
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ words[at + i], 0x9e3779b1);
  const place = hash >>> 24;
  const peer = peers[place];
  if (peer !== undefined && same(peer.words, words, at, count)) return peer.addr;
  const copy = words.slice(at, at + count) as Int32Array<ArrayBuffer>;
  const addr = udpAddr(new Uint8Array(copy.buffer));
  peers[place] = { words: copy, addr };
  received.add(addr);
  return addr;
}

function same(known: Int32Array, words: Int32Array, at: number, count: number): boolean {
  if (known.length !== count) return false;
  for (let i = 0; i < count; i++) if (known[i] !== words[at + i]) return false;
  return true;
}

/** An address in the kernel's form, for a socket of each version of IP. */
interface Forms {
  ip4?: RawAddress;
  ip6?: RawAddress;
}

/** Addresses are immutable, and their strings are freed with them. */
let known = new WeakMap<UDPAddr, Forms>();
/** Addresses that came with a datagram: no answer to a stranger raises a prompt. */
let received = new WeakSet<UDPAddr>();

registerState("peer cache", {
  fresh: () => ({
    peers: new Array<Peer | undefined>(PLACES).fill(undefined),
    known: new WeakMap<UDPAddr, Forms>(),
    received: new WeakSet<UDPAddr>(),
  }),
  save: () => ({ peers, known, received }),
  restore: (state) => ({ peers, known, received } = state),
});

/**
 * `addr` in the kernel's form, for a socket of `family`. The first time it asks for Deno's
 * permission. Throws AddrError with Go's text for one of the wrong version of IP.
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
 * Returns the address that is reached by `ip`, in the length that a socket of `family` needs: as on
 * Linux, the unspecified address stands for this machine.
 */
export function destination(ip: Uint8Array, family: Family): Uint8Array {
  const length = family === "ip4" ? 4 : 16;
  if (ip.length === 0) return length === 4 ? LOOPBACK4 : LOOPBACK6;
  if (!isUnspecified(ip)) return fit(ip, length);
  return ip.length === 4 ? fit(LOOPBACK4, length) : LOOPBACK6;
}
