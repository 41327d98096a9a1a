// SPDX-License-Identifier: MIT
/** The socket calls of macOS and FreeBSD behind the neutral seam. */
import {
  AF_INET,
  ENOPROTOOPT,
  O_RDONLY,
  POLLIN,
  POLLOUT,
  SHUT_RD,
  SHUT_WR,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { packAddress } from "../shared/packed_address.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type {
  Family,
  IntOption,
  RawAddress,
  ShutdownHow,
  SocketCalls,
} from "../contract/platform.ts";
import type { BsdLibc } from "./libc.ts";
import { hasFlags, openSocket, prepare } from "./open_socket.ts";
import { sendError } from "./send_error.ts";
import type { BsdSystem } from "./system.ts";

const DEV_NULL = new TextEncoder().encode("/dev/null\0");

/** See {@linkcode SocketCalls}. */
export class BsdSockets implements SocketCalls {
  readonly acceptName: string;
  readonly #libc: BsdLibc;
  readonly #system: BsdSystem;
  /** Scratch memory for out-parameters; every use is over before the call returns. */
  readonly #address = new Uint8Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  readonly #length = new Int32Array(new ArrayBuffer(4));
  readonly #value = new Int32Array(new ArrayBuffer(8));

  /** The two that every echo makes are at hand. */
  readonly #recv: BsdLibc["symbols"]["recv"];
  readonly #send: BsdLibc["symbols"]["send"];
  readonly #sendFlags: number;

  constructor(libc: BsdLibc, system: BsdSystem) {
    this.#libc = libc;
    this.#system = system;
    this.#recv = libc.symbols.recv;
    this.#send = libc.symbols.send;
    this.#sendFlags = system.constants.MSG_NOSIGNAL;
    this.acceptName = hasFlags(system) ? "accept4" : "accept";
  }

  streamSocket(family: Family): number {
    const { AF_INET6 } = this.#system.constants;
    const domain = family === "ip4" ? AF_INET : AF_INET6;
    return openSocket(this.#libc, this.#system, domain, SOCK_STREAM);
  }

  bind(fd: number, address: RawAddress): number {
    return this.#done(this.#libc.symbols.bind(fd, address, address.length));
  }

  listen(fd: number, backlog: number): number {
    return this.#done(this.#libc.symbols.listen(fd, backlog));
  }

  accept(fd: number): number {
    const { accept, accept4 } = this.#libc.symbols;
    const { SOCK_NONBLOCK, SOCK_CLOEXEC } = this.#system.constants;
    const length = this.#length;
    length[0] = SOCKADDR_STORAGE_SIZE;
    const accepted = this.#done(
      hasFlags(this.#system)
        ? accept4!(fd, this.#address, length, SOCK_NONBLOCK | SOCK_CLOEXEC)
        : accept(fd, this.#address, length),
    );
    if (accepted < 0) return accepted;
    const { ECONNABORTED, EINVAL } = this.#system.errno;
    if (length[0] === 0) {
      // macOS gives a socket without an address where the peer was gone already. Go: syscall.Accept.
      this.#libc.symbols.close(accepted);
      return -ECONNABORTED;
    }
    const prepared = prepare(this.#libc, this.#system, accepted);
    // So macOS answers for a socket whose peer is gone already: it is as if it had not come.
    return prepared === -EINVAL ? -ECONNABORTED : prepared;
  }

  peer(): RawAddress {
    return this.#copyAddress();
  }

  packedPeer(): number {
    return packAddress(this.#address, this.#system.sockaddr.isInet4(this.#address));
  }

  /** macOS answers EINVAL where a socket would be its own peer; nobody listens there. libuv#2503 */
  connect(fd: number, address: RawAddress): number {
    const done = this.#done(this.#libc.symbols.connect(fd, address, address.length));
    if (done !== -this.#system.errno.EINVAL) return done;
    const own = this.localAddress(fd);
    const same = typeof own !== "number" && own.every((byte, i) => byte === address[i]);
    return same ? -this.#system.constants.ECONNREFUSED : done;
  }

  recv(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#recv(fd, buffer, length, 0);
    return n >= 0 ? n : -this.#libc.errno();
  }

  send(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#send(fd, buffer, length, this.#sendFlags);
    return n >= 0 ? n : sendError(this.#system, this.#libc.errno());
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
    this.#value[1] = direction === "read" ? POLLIN : POLLOUT;
    return this.#done(this.#libc.symbols.poll(this.#value, 1, 0));
  }

  shutdown(fd: number, how: ShutdownHow): number {
    return this.#done(this.#libc.symbols.shutdown(fd, how === "read" ? SHUT_RD : SHUT_WR));
  }

  /** Not retried on EINTR: the number is free by then, and may be another's. */
  close(fd: number): number {
    return this.#done(this.#libc.symbols.close(fd));
  }

  getOption(fd: number, option: IntOption): number {
    const found = this.#system.options[option];
    if (found === undefined) return -ENOPROTOOPT;
    return this.#getInt(fd, found[0], found[1]);
  }

  setOption(fd: number, option: IntOption, value: number): number {
    const found = this.#system.options[option];
    if (found === undefined) return -ENOPROTOOPT;
    return this.#setInt(fd, found[0], found[1], value);
  }

  setLinger(fd: number, seconds: number): number {
    // struct linger { int l_onoff; int l_linger; }
    this.#value[0] = seconds < 0 ? 0 : 1;
    this.#value[1] = seconds < 0 ? 0 : seconds;
    const { setsockopt } = this.#libc.symbols;
    const name = this.#system.constants.LINGER_SECONDS;
    return this.#done(setsockopt(fd, SOL_SOCKET, name, this.#value, 8));
  }

  /** Neither system binds a socket to an interface by its name. */
  bindToDevice(_fd: number, _name: string): number {
    return -ENOPROTOOPT;
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

  /** The kernel counts data alone: whether the peer has the FIN, it does not tell here. */
  unacknowledged(fd: number): number {
    const { outstanding } = this.#system;
    if ("option" in outstanding) return this.#getInt(fd, SOL_SOCKET, outstanding.option);
    const done = this.#done(this.#libc.ioctl(fd, outstanding.request, this.#value));
    return done < 0 ? done : this.#value[0];
  }

  /** The kernel lowers it to kern.ipc.somaxconn by itself, and keeps a short. */
  maxBacklog(): number {
    return 0x7fff;
  }

  spareDescriptor(): number {
    const flags = O_RDONLY | this.#system.constants.O_CLOEXEC;
    return this.#done(this.#libc.symbols.open(DEV_NULL, flags));
  }

  #getInt(fd: number, level: number, name: number): number {
    this.#length[0] = 4;
    const { getsockopt } = this.#libc.symbols;
    const done = this.#done(getsockopt(fd, level, name, this.#value, this.#length));
    return done < 0 ? done : this.#value[0];
  }

  #setInt(fd: number, level: number, name: number, value: number): number {
    this.#value[0] = value;
    return this.#done(this.#libc.symbols.setsockopt(fd, level, name, this.#value, 4));
  }

  #done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }

  #copyAddress(): RawAddress {
    return this.#address.slice(0, this.#length[0]);
  }
}
