// SPDX-License-Identifier: MIT
/** Linux's datagram sockets behind the neutral seam. See udp(7), ip(7), ipv6(7). */
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
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";
import { LinuxMessages } from "./messages.ts";

/** Numbers by which {@linkcode Multicast} asks. */
const MULTICAST: MulticastNumbers = {
  IPPROTO_IP: C.IPPROTO_IP,
  IP_MULTICAST_IF: C.IP_MULTICAST_IF,
  IP_ADD_MEMBERSHIP: C.IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP: C.IP_DROP_MEMBERSHIP,
  IPPROTO_IPV6: C.IPPROTO_IPV6,
  IPV6_MULTICAST_IF: C.IPV6_MULTICAST_IF,
  IPV6_JOIN_GROUP: C.IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP: C.IPV6_LEAVE_GROUP,
};

/** Level and number of each option. */
const OPTIONS: Readonly<Record<PacketOption, readonly [level: number, name: number]>> = {
  SO_BROADCAST: [C.SOL_SOCKET, 6],
  IP_TTL: [C.IPPROTO_IP, 2],
  IP_PKTINFO: [C.IPPROTO_IP, C.IP_PKTINFO],
  IP_MULTICAST_TTL: [C.IPPROTO_IP, 33],
  IP_MULTICAST_LOOP: [C.IPPROTO_IP, 34],
  IPV6_UNICAST_HOPS: [C.IPPROTO_IPV6, 16],
  IPV6_MULTICAST_HOPS: [C.IPPROTO_IPV6, 18],
  IPV6_MULTICAST_LOOP: [C.IPPROTO_IPV6, 19],
  IPV6_RECVPKTINFO: [C.IPPROTO_IPV6, 49],
  UDP_SEGMENT: [C.IPPROTO_UDP, C.UDP_SEGMENT],
  UDP_GRO: [C.IPPROTO_UDP, C.UDP_GRO],
};

/** Replaces an empty buffer, which would have no address. */
const ONE_BYTE = new Uint8Array(new ArrayBuffer(1));

/** A `struct sockaddr` of the family AF_UNSPEC, by which connect(2) dissolves an association. */
const UNSPECIFIED = new Uint8Array(new ArrayBuffer(16));

/** See {@linkcode PacketCalls}. */
export class LinuxPackets implements PacketCalls {
  readonly receivesMany = true;
  readonly sendsMany = true;
  readonly sender: SocketName;
  readonly multicast: Multicast;
  readonly #libc: Libc;
  /** Scratch memory for out-parameters; every use is over before the call returns. */
  readonly #address = new Int32Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  readonly #length = new Int32Array(new ArrayBuffer(4));
  readonly #value = new Int32Array(new ArrayBuffer(4));

  constructor(libc: Libc) {
    this.#libc = libc;
    this.sender = { words: this.#address, at: 0, length: 0 };
    const { setsockopt } = libc.symbols;
    this.multicast = new Multicast(
      MULTICAST,
      (fd, level, name, value) => this.#done(setsockopt(fd, level, name, value, value.length)),
    );
  }

  socket(family: Family): number {
    const domain = family === "ip4" ? C.AF_INET : C.AF_INET6;
    const type = C.SOCK_DGRAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;
    return this.#done(this.#libc.symbols.socket(domain, type, 0));
  }

  setOption(fd: number, option: PacketOption, value: number): number {
    const [level, name] = OPTIONS[option];
    this.#value[0] = value;
    return this.#done(this.#libc.symbols.setsockopt(fd, level, name, this.#value, 4));
  }

  disconnect(fd: number): number {
    return this.#done(this.#libc.symbols.connect(fd, UNSPECIFIED, UNSPECIFIED.length));
  }

  /** MSG_TRUNC makes the kernel return the datagram's full length. */
  receive(fd: number, buffer: Uint8Array, length: number): number {
    const into = length === 0 ? ONE_BYTE : buffer;
    return this.#done(this.#libc.symbols.recv(fd, into, length, C.MSG_TRUNC));
  }

  nextLength(fd: number): number {
    return this.#done(this.#libc.symbols.recv(fd, ONE_BYTE, 0, C.MSG_PEEK | C.MSG_TRUNC));
  }

  receiveFrom(fd: number, buffer: Uint8Array, length: number): number {
    const into = length === 0 ? ONE_BYTE : buffer;
    this.#length[0] = SOCKADDR_STORAGE_SIZE;
    const { recvfrom } = this.#libc.symbols;
    const n = this.#done(recvfrom(fd, into, length, C.MSG_TRUNC, this.#address, this.#length));
    this.sender.length = this.#length[0];
    return n;
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const from = length === 0 ? ONE_BYTE : buffer;
    return this.#done(this.#libc.symbols.send(fd, from, length, C.MSG_NOSIGNAL));
  }

  sendTo(fd: number, buffer: Uint8Array, length: number, address: RawAddress): number {
    const from = length === 0 ? ONE_BYTE : buffer;
    const { sendto } = this.#libc.symbols;
    return this.#done(sendto(fd, from, length, C.MSG_NOSIGNAL, address, address.length));
  }

  messages(shape: MessagesShape): Messages {
    return new LinuxMessages(this.#libc, shape);
  }

  #done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }
}
