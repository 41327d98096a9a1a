// SPDX-License-Identifier: MIT
/** Datagram sockets of Windows. */
import {
  type ControlInfo,
  type ControlRequest,
  type Messages,
  type MessagesShape,
  NO_CONTROL,
  type PacketCalls,
  type PacketOption,
  type SocketName,
} from "../../contract/packets.ts";
import { SOCKADDR_STORAGE_SIZE } from "../../shared/sockaddr.ts";
import type { Family, RawAddress } from "../../contract/platform.ts";
import * as C from "../abi/constants.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import { ENOPROTOOPT, EOPNOTSUPP } from "../abi/errno.ts";
import { type SingleDatagrams, WindowsMessages } from "./messages.ts";
import { WindowsMulticast } from "./multicast.ts";
import type { WindowsSockets } from "./sockets.ts";
import type { Winsock } from "../abi/winsock.ts";

/** Level and number of each option; Windows has no control messages for the others. */
const OPTIONS: Readonly<Partial<Record<PacketOption, readonly [level: number, name: number]>>> = {
  SO_BROADCAST: [C.SOL_SOCKET, 0x20],
  IP_PKTINFO: [C.IPPROTO_IP, C.IP_PKTINFO],
  IP_TTL: [C.IPPROTO_IP, 4],
  IP_MULTICAST_TTL: [C.IPPROTO_IP, 10],
  IP_MULTICAST_LOOP: [C.IPPROTO_IP, 11],
  IPV6_RECVPKTINFO: [C.IPPROTO_IPV6, C.IPV6_PKTINFO],
  IPV6_UNICAST_HOPS: [C.IPPROTO_IPV6, 4],
  IPV6_MULTICAST_HOPS: [C.IPPROTO_IPV6, 10],
  IPV6_MULTICAST_LOOP: [C.IPPROTO_IPV6, 11],
};

/** Options that enable control messages. */
const INFORMING: ReadonlySet<PacketOption> = new Set<PacketOption>([
  "IP_PKTINFO",
  "IPV6_RECVPKTINFO",
]);

/** See {@linkcode PacketCalls}. */
export class WindowsDatagrams implements PacketCalls, SingleDatagrams {
  readonly sender: SocketName & { readonly bytes: Uint8Array };
  /** Ancillary data of the last `receiveFrom`. */
  control: ControlInfo = NO_CONTROL;
  readonly multicast: WindowsMulticast;
  readonly #winsock: Winsock;
  readonly #sockets: WindowsSockets;
  readonly #value = new Int32Array(new ArrayBuffer(4));

  constructor(winsock: Winsock, sockets: WindowsSockets) {
    this.#winsock = winsock;
    this.multicast = new WindowsMulticast(winsock);
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
    const done = this.#set(fd, name[0], name[1], this.#value);
    if (done === 0 && INFORMING.has(option)) this.#inform(fd, option, value);
    return done;
  }

  /** Packet info of IPv4 datagrams on an IPv6 socket needs the IPv4 option too. */
  #inform(fd: number, option: PacketOption, value: number): void {
    if (option === "IPV6_RECVPKTINFO") this.#set(fd, C.IPPROTO_IP, C.IP_PKTINFO, this.#value);
    const socket = this.#find(fd);
    if (typeof socket !== "number") socket.receiver.inform(value !== 0);
  }

  receive(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.#find(fd);
    return typeof socket === "number" ? socket : socket.receive(buffer, length);
  }

  receiveFrom(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.#find(fd);
    if (typeof socket === "number") return socket;
    const n = socket.receiver.receive(buffer, length, this.sender);
    this.control = socket.receiver.control;
    return n;
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const socket = this.#find(fd);
    return typeof socket === "number" ? socket : socket.sender.send(buffer, length);
  }

  sendTo(
    fd: number,
    buffer: Uint8Array,
    length: number,
    address: RawAddress | null,
    control: ControlRequest | null = null,
  ): number {
    const socket = this.#find(fd);
    if (typeof socket === "number") return socket;
    return socket.sender.sendTo(buffer, length, address, control);
  }

  messages(shape: MessagesShape): Messages {
    return new WindowsMessages(this, shape);
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
