// SPDX-License-Identifier: MIT
/** Windows' datagram sockets behind the neutral seam. */
import type {
  Messages,
  MessagesShape,
  PacketCalls,
  PacketOption,
  SocketName,
} from "../packet_types.ts";
import type { Family, RawAddress } from "../types.ts";
import * as C from "./constants.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import { ENOPROTOOPT, EOPNOTSUPP } from "./errno.ts";
import { WindowsMessages } from "./messages.ts";
import type { WindowsSockets } from "./socket.ts";
import { SOCKADDR_STORAGE_SIZE } from "./structs.ts";
import type { Winsock } from "./winsock.ts";

/** Level and number of each option; Windows has no control messages of its own for the rest. */
const OPTIONS: Readonly<Partial<Record<PacketOption, readonly [level: number, name: number]>>> = {
  SO_BROADCAST: [C.SOL_SOCKET, 0x20],
  IP_TTL: [C.IPPROTO_IP, 4],
  IP_MULTICAST_TTL: [C.IPPROTO_IP, 10],
  IP_MULTICAST_LOOP: [C.IPPROTO_IP, 11],
  IPV6_UNICAST_HOPS: [C.IPPROTO_IPV6, 4],
  IPV6_MULTICAST_HOPS: [C.IPPROTO_IPV6, 10],
  IPV6_MULTICAST_LOOP: [C.IPPROTO_IPV6, 11],
};

/** The same for both versions of IP. */
const MULTICAST_IF = 9;
const ADD_MEMBERSHIP = 12;
const DROP_MEMBERSHIP = 13;

/** See {@linkcode PacketCalls}. */
export class WindowsPackets implements PacketCalls {
  readonly sender: SocketName & { readonly bytes: Uint8Array };
  readonly #winsock: Winsock;
  readonly #sockets: WindowsSockets;
  readonly #value = new Int32Array(new ArrayBuffer(4));

  constructor(winsock: Winsock, sockets: WindowsSockets) {
    this.#winsock = winsock;
    this.#sockets = sockets;
    const address = new ArrayBuffer(SOCKADDR_STORAGE_SIZE);
    const words = new Int32Array(address);
    this.sender = { words, bytes: new Uint8Array(address), at: 0, length: 0 };
  }

  socket(family: Family): number {
    return this.#sockets.datagramSocket(family);
  }

  setOption(fd: number, option: PacketOption, value: number): number {
    const name = OPTIONS[option];
    if (name === undefined) return -ENOPROTOOPT;
    this.#value[0] = value;
    return this.#set(fd, name[0], name[1], this.#value);
  }

  receive(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.#find(fd);
    return typeof socket === "number" ? socket : socket.receive(buffer, length);
  }

  receiveFrom(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.#find(fd);
    if (typeof socket === "number") return socket;
    return socket.receiver.receive(buffer, length, this.sender);
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.#find(fd);
    return typeof socket === "number" ? socket : socket.sender.send(buffer, length);
  }

  sendTo(fd: number, buffer: Uint8Array, length: number, address: RawAddress): number {
    const socket = this.#find(fd);
    return typeof socket === "number" ? socket : socket.sender.sendTo(buffer, length, address);
  }

  messages(shape: MessagesShape): Messages {
    return new WindowsMessages(this, shape);
  }

  join(fd: number, group: Uint8Array, interfaceIndex: number): number {
    return this.#member(fd, group, interfaceIndex, ADD_MEMBERSHIP);
  }

  leave(fd: number, group: Uint8Array, interfaceIndex: number): number {
    return this.#member(fd, group, interfaceIndex, DROP_MEMBERSHIP);
  }

  /** Of IPv4 an index is an address of the net 0.0.0.0/8, in network order. */
  setMulticastInterface(fd: number, family: Family, interfaceIndex: number): number {
    const v4 = family === "ip4";
    const value = new Uint8Array(new ArrayBuffer(4));
    new DataView(value.buffer).setUint32(0, interfaceIndex, !v4);
    return this.#set(fd, v4 ? C.IPPROTO_IP : C.IPPROTO_IPV6, MULTICAST_IF, value);
  }

  /** IP_MREQ or IPV6_MREQ: the group, and the interface as above. */
  #member(fd: number, group: Uint8Array, index: number, name: number): number {
    const v4 = group.length === 4;
    const request = new Uint8Array(new ArrayBuffer(group.length + 4));
    request.set(group);
    new DataView(request.buffer).setUint32(group.length, index, !v4);
    return this.#set(fd, v4 ? C.IPPROTO_IP : C.IPPROTO_IPV6, name, request);
  }

  #set(fd: number, level: number, name: number, value: ArrayBufferView): number {
    const { ws2, errno } = this.#winsock;
    return ws2.setsockopt(fd, level, name, value, value.byteLength) === 0 ? 0 : -errno();
  }

  #find(fd: number): DatagramSocket | number {
    const socket = this.#sockets.find(fd);
    if (typeof socket === "number") return socket;
    return socket instanceof DatagramSocket ? socket : -EOPNOTSUPP;
  }
}
