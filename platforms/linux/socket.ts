// SPDX-License-Identifier: MIT
/** Stream sockets of Linux. */
import { PosixSockets } from "../posix/socket.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type { Family, IntOption, RawAddress } from "../contract/platform.ts";
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";
import {
  SOCKADDR,
  TCP_INFO_SIZE,
  TCPI_BYTES_RECEIVED,
  TCPI_BYTES_RETRANS,
  TCPI_BYTES_SENT,
} from "./structs.ts";

/** Level and number of each option. */
const OPTIONS: Readonly<Record<IntOption, readonly [level: number, name: number]>> = {
  SO_REUSEADDR: [C.SOL_SOCKET, 2],
  SO_TYPE: [C.SOL_SOCKET, 3],
  SO_ERROR: [C.SOL_SOCKET, 4],
  SO_SNDBUF: [C.SOL_SOCKET, 7],
  SO_RCVBUF: [C.SOL_SOCKET, 8],
  SO_KEEPALIVE: [C.SOL_SOCKET, 9],
  SO_REUSEPORT: [C.SOL_SOCKET, 15],
  TCP_NODELAY: [C.IPPROTO_TCP, 1],
  TCP_KEEPIDLE: [C.IPPROTO_TCP, 4],
  TCP_KEEPINTVL: [C.IPPROTO_TCP, 5],
  TCP_KEEPCNT: [C.IPPROTO_TCP, 6],
  TCP_DEFER_ACCEPT: [C.IPPROTO_TCP, 9],
  TCP_USER_TIMEOUT: [C.IPPROTO_TCP, 18],
  TCP_FASTOPEN: [C.IPPROTO_TCP, 23],
  TCP_FASTOPEN_CONNECT: [C.IPPROTO_TCP, 30],
  SO_MARK: [C.SOL_SOCKET, 36],
  IP_TOS: [C.IPPROTO_IP, 1],
  IPV6_TCLASS: [C.IPPROTO_IPV6, 67],
  IPV6_V6ONLY: [C.IPPROTO_IPV6, 26],
};

/** See {@linkcode SocketCalls}. */
export class LinuxSockets extends PosixSockets {
  override readonly acceptName = "accept4";
  readonly #libc: Libc;
  readonly #info = new Uint32Array(new ArrayBuffer(TCP_INFO_SIZE));

  /** Bound here because every echo calls both. */
  readonly #recv: Libc["symbols"]["recv"];
  readonly #send: Libc["symbols"]["send"];

  constructor(libc: Libc) {
    super(libc);
    this.#libc = libc;
    this.#recv = libc.symbols.recv;
    this.#send = libc.symbols.send;
  }

  override streamSocket(family: Family): number {
    const domain = family === "ip4" ? C.AF_INET : C.AF_INET6;
    const type = C.SOCK_STREAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;
    return this.done(this.#libc.symbols.socket(domain, type, 0));
  }

  override accept(fd: number): number {
    this.length[0] = SOCKADDR_STORAGE_SIZE;
    const flags = C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;
    return this.done(this.#libc.symbols.accept4(fd, this.address, this.length, flags));
  }

  override recv(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#recv(fd, buffer, length, 0);
    return n >= 0 ? n : -this.#libc.errno();
  }

  override send(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#send(fd, buffer, length, C.MSG_NOSIGNAL);
    return n >= 0 ? n : -this.#libc.errno();
  }

  override getOption(fd: number, option: IntOption): number {
    const [level, name] = OPTIONS[option];
    return this.getInt(fd, level, name);
  }

  override setOption(fd: number, option: IntOption, value: number): number {
    const [level, name] = OPTIONS[option];
    return this.setInt(fd, level, name, value);
  }

  override setLinger(fd: number, seconds: number): number {
    return this.setLingerBy(fd, C.SOL_SOCKET, C.SO_LINGER, seconds);
  }

  override linger(fd: number): number {
    return this.lingerBy(fd, C.SOL_SOCKET, C.SO_LINGER);
  }

  override bindToDevice(fd: number, name: string): number {
    const bytes = new TextEncoder().encode(`${name}\0`);
    const { setsockopt } = this.#libc.symbols;
    return this.done(setsockopt(fd, C.SOL_SOCKET, C.SO_BINDTODEVICE, bytes, bytes.length));
  }

  override unacknowledged(fd: number): number {
    const done = this.done(this.#libc.symbols.ioctl(fd, C.SIOCOUTQ, this.value));
    return done < 0 ? done : this.value[0];
  }

  delivered(fd: number): number {
    const done = this.#readInfo(fd);
    return done < 0 ? done : this.#infoAt(TCPI_BYTES_RECEIVED);
  }

  traffic(fd: number): readonly [received: number, sent: number] | null {
    // Kernels before 4.19 fill in less.
    if (this.#readInfo(fd) < 0 || this.length[0] < TCP_INFO_SIZE) return null;
    const sent = this.#infoAt(TCPI_BYTES_SENT) - this.#infoAt(TCPI_BYTES_RETRANS);
    return [this.#infoAt(TCPI_BYTES_RECEIVED), sent];
  }

  /** Reads TCP_INFO into `#info`; 0 or minus an errno. */
  #readInfo(fd: number): number {
    this.length[0] = TCP_INFO_SIZE;
    const { getsockopt } = this.#libc.symbols;
    return this.done(getsockopt(fd, C.IPPROTO_TCP, C.TCP_INFO, this.#info, this.length));
  }

  /** Returns the 64-bit number at `offset` of `#info`. */
  #infoAt(offset: number): number {
    return this.#info[offset / 4] + this.#info[offset / 4 + 1] * 2 ** 32;
  }

  /** The kernel caps it to net.core.somaxconn; before 4.1 it stored only 16 bits. */
  override maxBacklog(): number {
    return 0xffff;
  }

  override spareDescriptor(): number {
    return this.openNull(C.O_RDONLY | C.O_CLOEXEC);
  }

  protected override isInet4(address: RawAddress): boolean {
    return SOCKADDR.isInet4(address);
  }
}
