// SPDX-License-Identifier: MIT
/** Stream sockets of macOS and FreeBSD. */
import { AF_INET, ENOPROTOOPT, O_RDONLY, SOCK_STREAM, SOL_SOCKET } from "./constants.ts";
import { PosixSockets } from "../posix/socket.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type { Family, IntOption, RawAddress } from "../contract/platform.ts";
import type { BsdLibc } from "./libc.ts";
import { hasFlags, openSocket, prepare } from "./open_socket.ts";
import { sendError } from "./send_error.ts";
import type { BsdSystem } from "./system.ts";

/** See {@linkcode SocketCalls}. */
export class BsdSockets extends PosixSockets {
  override readonly acceptName: string;
  readonly #libc: BsdLibc;
  readonly #system: BsdSystem;

  /** Bound here because every echo calls both. */
  readonly #recv: BsdLibc["symbols"]["recv"];
  readonly #send: BsdLibc["symbols"]["send"];
  readonly #sendFlags: number;

  constructor(libc: BsdLibc, system: BsdSystem) {
    super(libc);
    this.#libc = libc;
    this.#system = system;
    this.#recv = libc.symbols.recv;
    this.#send = libc.symbols.send;
    this.#sendFlags = system.constants.MSG_NOSIGNAL;
    this.acceptName = hasFlags(system) ? "accept4" : "accept";
  }

  override streamSocket(family: Family): number {
    const { AF_INET6 } = this.#system.constants;
    const domain = family === "ip4" ? AF_INET : AF_INET6;
    return openSocket(this.#libc, this.#system, domain, SOCK_STREAM);
  }

  override accept(fd: number): number {
    const { accept, accept4 } = this.#libc.symbols;
    const { SOCK_NONBLOCK, SOCK_CLOEXEC } = this.#system.constants;
    const length = this.length;
    length[0] = SOCKADDR_STORAGE_SIZE;
    const accepted = this.done(
      hasFlags(this.#system)
        ? accept4!(fd, this.address, length, SOCK_NONBLOCK | SOCK_CLOEXEC)
        : accept(fd, this.address, length),
    );
    if (accepted < 0) return accepted;
    const { ECONNABORTED, EINVAL } = this.#system.errno;
    if (length[0] === 0) {
      // macOS returns a socket without an address if the peer is already gone. Go: syscall.Accept.
      this.#libc.symbols.close(accepted);
      return -ECONNABORTED;
    }
    const prepared = prepare(this.#libc, this.#system, accepted);
    // macOS returns EINVAL on a socket whose peer is already gone: treat it as never accepted.
    return prepared === -EINVAL ? -ECONNABORTED : prepared;
  }

  /** macOS returns EINVAL if a socket would connect to itself, where nothing listens. libuv#2503 */
  override connect(fd: number, address: RawAddress): number {
    const done = super.connect(fd, address);
    if (done !== -this.#system.errno.EINVAL) return done;
    const own = this.localAddress(fd);
    const same = typeof own !== "number" && own.every((byte, i) => byte === address[i]);
    return same ? -this.#system.constants.ECONNREFUSED : done;
  }

  override recv(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#recv(fd, buffer, length, 0);
    return n >= 0 ? n : -this.#libc.errno();
  }

  override send(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#send(fd, buffer, length, this.#sendFlags);
    return n >= 0 ? n : sendError(this.#system, this.#libc.errno());
  }

  override getOption(fd: number, option: IntOption): number {
    const found = this.#system.options[option];
    if (found === undefined) return -ENOPROTOOPT;
    return this.getInt(fd, found[0], found[1]);
  }

  override setOption(fd: number, option: IntOption, value: number): number {
    const found = this.#system.options[option];
    if (found === undefined) return -ENOPROTOOPT;
    return this.setInt(fd, found[0], found[1], value);
  }

  override setLinger(fd: number, seconds: number): number {
    return this.setLingerBy(fd, SOL_SOCKET, this.#system.constants.LINGER_SECONDS, seconds);
  }

  override linger(fd: number): number {
    return this.lingerBy(fd, SOL_SOCKET, this.#system.constants.LINGER_SECONDS);
  }

  /** Neither system supports this. */
  override bindToDevice(_fd: number, _name: string): number {
    return -ENOPROTOOPT;
  }

  /** The kernel counts data only; it does not report whether the FIN is acknowledged. */
  override unacknowledged(fd: number): number {
    const { outstanding } = this.#system;
    if ("option" in outstanding) return this.getInt(fd, SOL_SOCKET, outstanding.option);
    const done = this.done(this.#libc.ioctl(fd, outstanding.request, this.value));
    return done < 0 ? done : this.value[0];
  }

  /** The kernel caps it to kern.ipc.somaxconn, and stores a short. */
  override maxBacklog(): number {
    return 0x7fff;
  }

  override spareDescriptor(): number {
    return this.openNull(O_RDONLY | this.#system.constants.O_CLOEXEC);
  }

  protected override isInet4(address: RawAddress): boolean {
    return this.#system.sockaddr.isInet4(address);
  }
}
