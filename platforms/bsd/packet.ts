// SPDX-License-Identifier: MIT
/** Datagram sockets of macOS and FreeBSD. See udp(4), ip(4), ip6(4). */
import {
  AF_INET,
  ENOPROTOOPT,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_IF,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MULTICAST_IF,
  MSG_TRUNC,
  SOCK_DGRAM,
} from "./constants.ts";
import { Multicast, type MulticastNumbers } from "../shared/multicast.ts";
import type {
  Messages,
  MessagesShape,
  PacketCalls,
  PacketOption,
  SocketName,
} from "../contract/packets.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type { Family, RawAddress } from "../contract/platform.ts";
import type { BsdLibc } from "./libc.ts";
import { BsdMessages } from "./messages.ts";
import { openSocket } from "./open_socket.ts";
import { IOVEC, MSGHDR } from "./structs.ts";
import type { BsdSystem } from "./system.ts";

const WORD = 2 ** 32;

/** Constants for {@linkcode Multicast}. */
const MULTICAST: MulticastNumbers = {
  IPPROTO_IP,
  IP_MULTICAST_IF,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IPPROTO_IPV6,
  IPV6_MULTICAST_IF,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
};

/** Replaces an empty buffer, which would have no address. */
const ONE_BYTE = new Uint8Array(new ArrayBuffer(1));

/** See {@linkcode PacketCalls}. */
export class BsdPackets implements PacketCalls {
  readonly sender: SocketName;
  readonly multicast: Multicast;
  readonly #libc: BsdLibc;
  readonly #system: BsdSystem;
  /** Scratch memory; every use is over before the call returns. */
  readonly #address = new Int32Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  readonly #header = new Int32Array(new ArrayBuffer(MSGHDR.size));
  readonly #piece = new Int32Array(new ArrayBuffer(IOVEC.size));
  readonly #value = new Int32Array(new ArrayBuffer(4));

  constructor(libc: BsdLibc, system: BsdSystem) {
    this.#libc = libc;
    this.#system = system;
    this.sender = { words: this.#address, at: 0, length: 0 };
    const { setsockopt } = libc.symbols;
    this.multicast = new Multicast(
      MULTICAST,
      (fd, level, name, value) => this.#done(setsockopt(fd, level, name, value, value.length)),
    );
    this.#point(this.#header, MSGHDR.name, libc.addressOf(this.#address));
    this.#point(this.#header, MSGHDR.iov, libc.addressOf(this.#piece));
    this.#header[MSGHDR.iovCount / 4] = 1;
  }

  socket(family: Family): number {
    const domain = family === "ip4" ? AF_INET : this.#system.constants.AF_INET6;
    return openSocket(this.#libc, this.#system, domain, SOCK_DGRAM);
  }

  setOption(fd: number, option: PacketOption, value: number): number {
    const found = this.#system.packetOptions[option];
    if (found === undefined) return -ENOPROTOOPT;
    this.#value[0] = value;
    const { setsockopt } = this.#libc.symbols;
    return this.#done(setsockopt(fd, found[0], found[1], this.#value, 4));
  }

  receive(fd: number, buffer: Uint8Array, length: number): number {
    return this.receiveFrom(fd, buffer, length);
  }

  /**
   * MSG_TRUNC reports that a datagram was longer, but not by how much: returns the buffer's length
   * plus one.
   */
  receiveFrom(fd: number, buffer: Uint8Array, length: number): number {
    const into = length === 0 ? ONE_BYTE : buffer;
    const header = this.#header;
    header[MSGHDR.nameLength / 4] = SOCKADDR_STORAGE_SIZE;
    this.#point(this.#piece, IOVEC.base, this.#libc.addressOf(into));
    this.#piece[IOVEC.length / 4] = length;
    const n = this.#done(this.#libc.symbols.recvmsg(fd, header, 0));
    this.sender.length = header[MSGHDR.nameLength / 4];
    return n >= 0 && header[MSGHDR.flags / 4] & MSG_TRUNC ? length + 1 : n;
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const from = length === 0 ? ONE_BYTE : buffer;
    const { MSG_NOSIGNAL } = this.#system.constants;
    return this.#done(this.#libc.symbols.send(fd, from, length, MSG_NOSIGNAL));
  }

  sendTo(fd: number, buffer: Uint8Array, length: number, address: RawAddress): number {
    const from = length === 0 ? ONE_BYTE : buffer;
    const { MSG_NOSIGNAL } = this.#system.constants;
    const { sendto } = this.#libc.symbols;
    return this.#done(sendto(fd, from, length, MSG_NOSIGNAL, address, address.length));
  }

  messages(shape: MessagesShape): Messages {
    return new BsdMessages(this.#libc, this.#system, shape);
  }

  #point(words: Int32Array, byte: number, address: number): void {
    words[byte / 4] = address % WORD;
    words[byte / 4 + 1] = Math.floor(address / WORD);
  }

  #done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }
}
