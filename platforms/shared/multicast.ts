// SPDX-License-Identifier: MIT
/** Multicast on Linux, macOS and FreeBSD, with each system's own constants. See ip(7), ipv6(7). */
import type { MulticastCalls } from "../contract/packets.ts";
import type { Family } from "../contract/sockets.ts";

/** Levels and options by their C names. */
export interface MulticastNumbers {
  readonly IPPROTO_IP: number;
  readonly IP_MULTICAST_IF: number;
  readonly IP_ADD_MEMBERSHIP: number;
  readonly IP_DROP_MEMBERSHIP: number;
  readonly IPPROTO_IPV6: number;
  readonly IPV6_MULTICAST_IF: number;
  readonly IPV6_JOIN_GROUP: number;
  readonly IPV6_LEAVE_GROUP: number;
}

/** Sets an option. 0 or minus an errno. */
export type SetOption = (fd: number, level: number, name: number, value: Uint8Array) => number;

/** See the top of this file. */
export class Multicast implements MulticastCalls {
  readonly #numbers: MulticastNumbers;
  readonly #set: SetOption;

  constructor(numbers: MulticastNumbers, set: SetOption) {
    this.#numbers = numbers;
    this.#set = set;
  }

  join(fd: number, group: Uint8Array, interfaceIndex: number): number {
    const { IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP } = this.#numbers;
    return this.#member(fd, group, interfaceIndex, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
  }

  leave(fd: number, group: Uint8Array, interfaceIndex: number): number {
    const { IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP } = this.#numbers;
    return this.#member(fd, group, interfaceIndex, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);
  }

  setInterface(fd: number, family: Family, interfaceIndex: number): number {
    const { IPPROTO_IP, IP_MULTICAST_IF, IPPROTO_IPV6, IPV6_MULTICAST_IF } = this.#numbers;
    if (family === "ip4") {
      const request = membership(new Uint8Array(4), interfaceIndex);
      return this.#set(fd, IPPROTO_IP, IP_MULTICAST_IF, request);
    }
    const index = new Uint8Array(Int32Array.of(interfaceIndex).buffer);
    return this.#set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  }

  #member(fd: number, group: Uint8Array, index: number, v4: number, v6: number): number {
    const { IPPROTO_IP, IPPROTO_IPV6 } = this.#numbers;
    const request = membership(group, index);
    if (group.length === 4) return this.#set(fd, IPPROTO_IP, v4, request);
    return this.#set(fd, IPPROTO_IPV6, v6, request);
  }
}

/**
 * struct ip_mreqn { struct in_addr group; struct in_addr local; int index; }, or
 * struct ipv6_mreq { struct in6_addr group; unsigned int index; }
 */
function membership(group: Uint8Array, index: number): Uint8Array {
  const v4 = group.length === 4;
  const bytes = new Uint8Array(new ArrayBuffer(v4 ? 12 : 20));
  bytes.set(group);
  new DataView(bytes.buffer).setInt32(v4 ? 8 : 16, index, true);
  return bytes;
}
