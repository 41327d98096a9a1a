// SPDX-License-Identifier: MIT
/** Multicast on Windows. See IP_MREQ and IPV6_MREQ in ws2ipdef.h. */
import type { MulticastCalls } from "../../contract/packets.ts";
import type { Family } from "../../contract/platform.ts";
import * as C from "../abi/constants.ts";
import type { Winsock } from "../abi/winsock.ts";

/** The same number for both IP versions. */
const MULTICAST_IF = 9;
const ADD_MEMBERSHIP = 12;
const DROP_MEMBERSHIP = 13;

/** See the top of this file. */
export class WindowsMulticast implements MulticastCalls {
  readonly #winsock: Winsock;

  constructor(winsock: Winsock) {
    this.#winsock = winsock;
  }

  join(fd: number, group: Uint8Array, interfaceIndex: number): number {
    return this.#member(fd, group, interfaceIndex, ADD_MEMBERSHIP);
  }

  leave(fd: number, group: Uint8Array, interfaceIndex: number): number {
    return this.#member(fd, group, interfaceIndex, DROP_MEMBERSHIP);
  }

  /** For IPv4, an index is encoded as an address of 0.0.0.0/8, in network order. */
  setInterface(fd: number, family: Family, interfaceIndex: number): number {
    const v4 = family === "ip4";
    const value = new Uint8Array(new ArrayBuffer(4));
    new DataView(value.buffer).setUint32(0, interfaceIndex, !v4);
    return this.#set(fd, v4, MULTICAST_IF, value);
  }

  /** IP_MREQ or IPV6_MREQ: the group, and the interface as above. */
  #member(fd: number, group: Uint8Array, index: number, name: number): number {
    const v4 = group.length === 4;
    const request = new Uint8Array(new ArrayBuffer(group.length + 4));
    request.set(group);
    new DataView(request.buffer).setUint32(group.length, index, !v4);
    return this.#set(fd, v4, name, request);
  }

  #set(fd: number, v4: boolean, name: number, value: Uint8Array): number {
    const { ws2, errno } = this.#winsock;
    const level = v4 ? C.IPPROTO_IP : C.IPPROTO_IPV6;
    return ws2.setsockopt(fd, level, name, value, value.length) === 0 ? 0 : -errno();
  }
}
