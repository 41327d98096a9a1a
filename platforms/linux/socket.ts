// SPDX-License-Identifier: MIT
/** Linux's socket calls behind the neutral seam. */
import { packAddress } from "../shared/packed_address.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type {
  Family,
  IntOption,
  RawAddress,
  ShutdownHow,
  SocketCalls,
} from "../contract/platform.ts";
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";
import { SOCKADDR, TCP_INFO_SIZE, TCPI_BYTES_RECEIVED } from "./structs.ts";

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

const DEV_NULL = new TextEncoder().encode("/dev/null\0");

/** See {@linkcode SocketCalls}. */
export class LinuxSockets implements SocketCalls {
  readonly acceptName = "accept4";
  readonly #libc: Libc;
  /** Scratch memory for out-parameters; every use is over before the call returns. */
  readonly #address = new Uint8Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  readonly #length = new Int32Array(new ArrayBuffer(4));
  readonly #value = new Int32Array(new ArrayBuffer(8));
  readonly #info = new Uint32Array(new ArrayBuffer(TCP_INFO_SIZE));

  /** The two that every echo makes are at hand. */
  readonly #recv: Libc["symbols"]["recv"];
  readonly #send: Libc["symbols"]["send"];

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#recv = libc.symbols.recv;
    this.#send = libc.symbols.send;
  }

  streamSocket(family: Family): number {
    const domain = family === "ip4" ? C.AF_INET : C.AF_INET6;
    const type = C.SOCK_STREAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;
    return this.#done(this.#libc.symbols.socket(domain, type, 0));
  }

  bind(fd: number, address: RawAddress): number {
    return this.#done(this.#libc.symbols.bind(fd, address, address.length));
  }

  listen(fd: number, backlog: number): number {
    return this.#done(this.#libc.symbols.listen(fd, backlog));
  }

  accept(fd: number): number {
    this.#length[0] = SOCKADDR_STORAGE_SIZE;
    const flags = C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;
    return this.#done(this.#libc.symbols.accept4(fd, this.#address, this.#length, flags));
  }

  peer(): RawAddress {
    return this.#copyAddress();
  }

  packedPeer(): number {
    return packAddress(this.#address, SOCKADDR.isInet4(this.#address));
  }

  connect(fd: number, address: RawAddress): number {
    return this.#done(this.#libc.symbols.connect(fd, address, address.length));
  }

  recv(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#recv(fd, buffer, length, 0);
    return n >= 0 ? n : -this.#libc.errno();
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#send(fd, buffer, length, C.MSG_NOSIGNAL);
    return n >= 0 ? n : -this.#libc.errno();
  }

  read(fd: number, buffer: Uint8Array, length: number): number {
    return this.#done(this.#libc.symbols.read(fd, buffer, length));
  }

  write(fd: number, buffer: Uint8Array, length: number): number {
    return this.#done(this.#libc.symbols.write(fd, buffer, length));
  }

  ready(fd: number, direction: "read" | "write"): number {
    // struct pollfd { int fd; short events; short revents; }: a hang-up or an error is in revents too.
    this.#value[0] = fd;
    this.#value[1] = direction === "read" ? C.POLLIN : C.POLLOUT;
    return this.#done(this.#libc.symbols.poll(this.#value, 1, 0));
  }

  shutdown(fd: number, how: ShutdownHow): number {
    return this.#done(this.#libc.symbols.shutdown(fd, how === "read" ? C.SHUT_RD : C.SHUT_WR));
  }

  /** Not retried on EINTR: Linux has freed the number by then, and it may be another's. */
  close(fd: number): number {
    return this.#done(this.#libc.symbols.close(fd));
  }

  getOption(fd: number, option: IntOption): number {
    const [level, name] = OPTIONS[option];
    this.#length[0] = 4;
    const { getsockopt } = this.#libc.symbols;
    const done = this.#done(getsockopt(fd, level, name, this.#value, this.#length));
    return done < 0 ? done : this.#value[0];
  }

  setOption(fd: number, option: IntOption, value: number): number {
    const [level, name] = OPTIONS[option];
    this.#value[0] = value;
    return this.#done(this.#libc.symbols.setsockopt(fd, level, name, this.#value, 4));
  }

  setLinger(fd: number, seconds: number): number {
    // struct linger { int l_onoff; int l_linger; }
    this.#value[0] = seconds < 0 ? 0 : 1;
    this.#value[1] = seconds < 0 ? 0 : seconds;
    const { setsockopt } = this.#libc.symbols;
    return this.#done(setsockopt(fd, C.SOL_SOCKET, C.SO_LINGER, this.#value, 8));
  }

  bindToDevice(fd: number, name: string): number {
    const bytes = new TextEncoder().encode(`${name}\0`);
    const { setsockopt } = this.#libc.symbols;
    return this.#done(setsockopt(fd, C.SOL_SOCKET, C.SO_BINDTODEVICE, bytes, bytes.length));
  }

  localAddress(fd: number): RawAddress | number {
    this.#length[0] = SOCKADDR_STORAGE_SIZE;
    const done = this.#done(this.#libc.symbols.getsockname(fd, this.#address, this.#length));
    return done < 0 ? done : this.#copyAddress();
  }

  remoteAddress(fd: number): RawAddress | number {
    this.#length[0] = SOCKADDR_STORAGE_SIZE;
    const done = this.#done(this.#libc.symbols.getpeername(fd, this.#address, this.#length));
    return done < 0 ? done : this.#copyAddress();
  }

  unacknowledged(fd: number): number {
    const done = this.#done(this.#libc.symbols.ioctl(fd, C.SIOCOUTQ, this.#value));
    return done < 0 ? done : this.#value[0];
  }

  delivered(fd: number): number {
    this.#length[0] = TCP_INFO_SIZE;
    const { getsockopt } = this.#libc.symbols;
    const info = this.#info;
    const done = this.#done(getsockopt(fd, C.IPPROTO_TCP, C.TCP_INFO, info, this.#length));
    if (done < 0) return done;
    const [low, high] = [info[TCPI_BYTES_RECEIVED / 4], info[TCPI_BYTES_RECEIVED / 4 + 1]];
    return low + high * 2 ** 32;
  }

  /** The kernel lowers it to net.core.somaxconn by itself; before 4.1 it kept only 16 bits. */
  maxBacklog(): number {
    return 0xffff;
  }

  spareDescriptor(): number {
    return this.#done(this.#libc.symbols.open(DEV_NULL, C.O_RDONLY | C.O_CLOEXEC));
  }

  #done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }

  #copyAddress(): RawAddress {
    return this.#address.slice(0, this.#length[0]);
  }
}
