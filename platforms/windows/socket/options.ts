// SPDX-License-Identifier: MIT
/** Socket options and their Windows equivalents. */
import type { IntOption } from "../../contract/platform.ts";
import * as C from "../abi/constants.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import { ENOPROTOOPT } from "../abi/errno.ts";
import type { SocketHandle } from "../iocp/socket_handle.ts";
import type { Winsock } from "../abi/winsock.ts";

/** Level and number of an option; `unit` of the library's value equal one of Windows'. */
interface OptionName {
  readonly level: number;
  readonly name: number;
  readonly unit?: number;
}

/**
 * Windows lacks the missing ones. SO_REUSEADDR is not mapped: on Windows it allows taking a port
 * that is in use, and what it means on other systems is always on. A listener gets
 * SO_EXCLUSIVEADDRUSE instead, so that no other process can take its port.
 */
const OPTIONS: Readonly<Partial<Record<IntOption, OptionName>>> = {
  SO_REUSEADDR: { level: C.SOL_SOCKET, name: ~4 }, // SO_EXCLUSIVEADDRUSE
  SO_KEEPALIVE: { level: C.SOL_SOCKET, name: 8 },
  SO_SNDBUF: { level: C.SOL_SOCKET, name: 0x1001 },
  SO_RCVBUF: { level: C.SOL_SOCKET, name: 0x1002 },
  SO_ERROR: { level: C.SOL_SOCKET, name: 0x1007 },
  SO_TYPE: { level: C.SOL_SOCKET, name: 0x1008 },
  TCP_NODELAY: { level: C.IPPROTO_TCP, name: 1 },
  TCP_KEEPIDLE: { level: C.IPPROTO_TCP, name: 3 },
  TCP_USER_TIMEOUT: { level: C.IPPROTO_TCP, name: 5, unit: 1000 }, // TCP_MAXRT, in seconds
  TCP_FASTOPEN: { level: C.IPPROTO_TCP, name: 15 },
  TCP_FASTOPEN_CONNECT: { level: C.IPPROTO_TCP, name: 15 },
  TCP_KEEPCNT: { level: C.IPPROTO_TCP, name: 16 },
  TCP_KEEPINTVL: { level: C.IPPROTO_TCP, name: 17 },
  IP_TOS: { level: C.IPPROTO_IP, name: 3 },
  IPV6_TCLASS: { level: C.IPPROTO_IPV6, name: 39 },
  IPV6_V6ONLY: { level: C.IPPROTO_IPV6, name: 27 },
};

/**
 * Options of a listener that its connections inherit. Windows does not document whether
 * SO_UPDATE_ACCEPT_CONTEXT copies them, so they are set again.
 */
export const INHERITED: ReadonlySet<IntOption> = new Set<IntOption>([
  "SO_KEEPALIVE",
  "SO_SNDBUF",
  "SO_RCVBUF",
  "TCP_NODELAY",
  "TCP_KEEPIDLE",
  "TCP_KEEPINTVL",
  "TCP_KEEPCNT",
  "TCP_USER_TIMEOUT",
  "IP_TOS",
  "IPV6_TCLASS",
]);

/** Reads and sets options. */
export class SocketOptions {
  readonly #winsock: Winsock;
  /** Scratch memory; every use is over before the call returns. */
  readonly #value = new Int32Array(new ArrayBuffer(4));
  readonly #length = new Int32Array(new ArrayBuffer(4));
  readonly #linger = new Uint16Array(new ArrayBuffer(4));

  constructor(winsock: Winsock) {
    this.#winsock = winsock;
  }

  /** Returns its value, or minus an errno. */
  get(fd: number, option: IntOption): number {
    const name = OPTIONS[option];
    if (name === undefined) return -ENOPROTOOPT;
    const { ws2, errno } = this.#winsock;
    this.#length[0] = 4;
    this.#value[0] = 0;
    const done = ws2.getsockopt(fd, name.level, name.name, this.#value, this.#length);
    return done === 0 ? this.#value[0] * (name.unit ?? 1) : -errno();
  }

  /** 0 or minus an errno. */
  set(socket: SocketHandle, option: IntOption, value: number): number {
    const name = OPTIONS[option];
    // An unsupported option is off.
    if (name === undefined) return value === 0 ? 0 : -ENOPROTOOPT;
    if (name.level === C.IPPROTO_IPV6 && socket.family === C.AF_INET) return -ENOPROTOOPT;
    // Several sockets may share a multicast group's port.
    const shares = option === "SO_REUSEADDR" && socket instanceof DatagramSocket;
    const number = shares ? C.SO_REUSEADDR : name.name;
    const { ws2, errno } = this.#winsock;
    this.#value[0] = Math.ceil(value / (name.unit ?? 1));
    const done = ws2.setsockopt(socket.fd, name.level, number, this.#value, 4);
    return done === 0 ? 0 : -errno();
  }

  /** Sets SO_LINGER in seconds; a negative value disables it. */
  setLinger(fd: number, seconds: number): number {
    const { ws2, errno } = this.#winsock;
    // struct linger { u_short l_onoff; u_short l_linger; }
    this.#linger[0] = seconds < 0 ? 0 : 1;
    this.#linger[1] = seconds < 0 ? 0 : Math.min(seconds, 0xffff);
    const done = ws2.setsockopt(fd, C.SOL_SOCKET, C.SO_LINGER, this.#linger, 4);
    return done === 0 ? 0 : -errno();
  }

  /** Returns SO_LINGER in seconds; negative if it is disabled. */
  linger(fd: number): number {
    const { ws2 } = this.#winsock;
    this.#length[0] = 4;
    const done = ws2.getsockopt(fd, C.SOL_SOCKET, C.SO_LINGER, this.#linger, this.#length);
    return done !== 0 || this.#linger[0] === 0 ? -1 : this.#linger[1];
  }
}
