// SPDX-License-Identifier: MIT
/** Options of UDP sockets. Go: golang.org/x/net/ipv4 and ipv6, sockopt. */
import { needString, shown } from "../../validate/argument.ts";
import { platform } from "../../../platforms/platform.ts";
import type { SocketName } from "../../../platforms/contract/packets.ts";
import type { Family, RawAddress } from "../../../platforms/contract/platform.ts";
import { UDPAddr } from "../addr/addr.ts";
import { DatagramConn } from "../socket/datagram_conn.ts";
import { AddrError } from "../addr/errors.ts";
import { OpError } from "../errors.ts";
import { parseIP, unmap } from "../addr/ip.ts";
import { kernelForm, senderAddr } from "../socket/peer_cache.ts";
import type { UDPFD } from "./udp_fd.ts";
import { zoneScope } from "../addr/zone.ts";

const NOWHERE = new UDPAddr("", 0);

/** Options of a UDP socket. See {@linkcode UDPConn}. */
export abstract class UDPOptions extends DatagramConn<UDPAddr> {
  /** @internal */
  declare protected readonly netFD: UDPFD;

  /** See {@linkcode UDPConn.setPacketInfo}. */
  setPacketInfo(on: boolean): void {
    this.netFD.setPacketOption(this.#v6 ? "IPV6_RECVPKTINFO" : "IP_PKTINFO", on ? 1 : 0);
  }

  /** See {@linkcode UDPConn.setReceiveOffload}. */
  setReceiveOffload(on: boolean): boolean {
    const offload = this.netFD.trySetPacketOption("UDP_GRO", on ? 1 : 0) && on;
    return this.netFD.ahead.offload = offload;
  }

  /** See {@linkcode UDPConn.setBroadcast}. */
  setBroadcast(on: boolean): void {
    this.netFD.setPacketOption("SO_BROADCAST", on ? 1 : 0);
  }

  /** See {@linkcode UDPConn.setTTL}. */
  setTTL(hops: number): void {
    checkHops("TTL", hops, 1);
    if (this.#v6) this.netFD.setPacketOption("IPV6_UNICAST_HOPS", hops);
    // Also set on an IPv6 socket, for its IPv4 traffic.
    this.netFD.setPacketOption("IP_TTL", hops);
  }

  /** See {@linkcode UDPConn.joinGroup}. */
  joinGroup(group: string, on: string | number = 0): void {
    const [ip, index] = this.#group(group, on);
    this.netFD.configure(() => platform().packets.multicast.join(this.netFD.sysfd, ip, index));
  }

  /** See {@linkcode UDPConn.leaveGroup}. */
  leaveGroup(group: string, on: string | number = 0): void {
    const [ip, index] = this.#group(group, on);
    this.netFD.configure(() => platform().packets.multicast.leave(this.netFD.sysfd, ip, index));
  }

  /** See {@linkcode UDPConn.setMulticastLoopback}. */
  setMulticastLoopback(on: boolean): void {
    if (this.#v6) this.netFD.setPacketOption("IPV6_MULTICAST_LOOP", on ? 1 : 0);
    this.netFD.setPacketOption("IP_MULTICAST_LOOP", on ? 1 : 0);
  }

  /** See {@linkcode UDPConn.setMulticastTTL}. */
  setMulticastTTL(hops: number): void {
    checkHops("multicast TTL", hops, 0);
    if (this.#v6) this.netFD.setPacketOption("IPV6_MULTICAST_HOPS", hops);
    this.netFD.setPacketOption("IP_MULTICAST_TTL", hops);
  }

  /** See {@linkcode UDPConn.setMulticastInterface}. */
  setMulticastInterface(on: string | number | null): void {
    const index = on === null ? 0 : this.interfaceIndex(on);
    const set = (family: Family) =>
      this.netFD.configure(() =>
        platform().packets.multicast.setInterface(this.netFD.sysfd, family, index)
      );
    if (this.#v6) set("ip6");
    set("ip4");
  }

  /**
   * Returns the index of an interface. Throws OpError if there is none of that name.
   *
   * @internal
   */
  protected interfaceIndex(on: string | number): number {
    if (typeof on === "string") return this.asSet(() => zoneScope(on, on));
    if (Number.isInteger(on) && on >= 0 && on < 2 ** 31) return on;
    throw new RangeError(
      `Cannot use an interface as its index must be a non-negative integer: current value is ${
        shown(on)
      }`,
    );
  }

  /**
   * Converts an AddrError of `f` to an OpError of "set".
   *
   * @internal
   */
  protected asSet<T>(f: () => T): T {
    try {
      return f();
    } catch (error) {
      if (!(error instanceof AddrError)) throw error;
      throw new OpError("set", this.netFD.net, null, this.localAddr, error);
    }
  }

  /** @internal */
  protected override nameAddr(name: SocketName): UDPAddr {
    return senderAddr(name);
  }

  /** @internal */
  protected override encode(addr: UDPAddr): RawAddress {
    return kernelForm(addr, this.netFD.family);
  }

  /** @internal */
  protected override get nowhere(): UDPAddr {
    return NOWHERE;
  }

  get #v6(): boolean {
    return this.netFD.family === "ip6";
  }

  #group(group: string, on: string | number): [ip: Uint8Array, index: number] {
    needString("use a multicast group", "group", group);
    const ip = parseIP(group);
    const bytes = ip === null ? null : unmap(ip);
    if (bytes === null || !isMulticast(bytes)) {
      throw this.asSet<never>(() => {
        throw new AddrError("not a multicast address", group);
      });
    }
    return [bytes, this.interfaceIndex(on)];
  }
}

/** Whether `ip` is in 224.0.0.0/4 or ff00::/8. Go: IP.IsMulticast. */
export function isMulticast(ip: Uint8Array): boolean {
  return ip.length === 4 ? ip[0] >> 4 === 0xe : ip[0] === 0xff;
}

function checkHops(what: string, hops: number, least: number): void {
  if (Number.isInteger(hops) && hops >= least && hops <= 255) return;
  throw new RangeError(
    `Cannot set ${what} as hops must be an integer from ${least} to 255: current value is ${
      shown(hops)
    }`,
  );
}
