// SPDX-License-Identifier: MIT
/**
 * Socket calls that Linux, macOS and FreeBSD share. Each system's subclass adds what differs:
 * creating and accepting sockets, options, and the two calls that must be fastest.
 */
import { packAddress } from "../shared/packed_address.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type {
  Bound,
  CFunction,
  Family,
  IntOption,
  RawAddress,
  ShutdownHow,
  SocketCalls,
} from "../contract/platform.ts";

/** `events` of a struct pollfd. <poll.h> */
const POLLIN = 0x1;
const POLLOUT = 0x4;
/** <sys/socket.h> */
const SHUT_RD = 0;
const SHUT_WR = 1;

const DEV_NULL = new TextEncoder().encode("/dev/null\0");

/** A C function that returns an int or a number of bytes. */
type Call<P extends CFunction["params"]> = Bound<{ params: P; result: "i32" }>;

/** C functions that are called here. */
interface PosixSymbols {
  readonly bind: Call<["i32", "buffer", "u32"]>;
  readonly listen: Call<["i32", "i32"]>;
  readonly connect: Call<["i32", "buffer", "u32"]>;
  readonly read: Call<["i32", "buffer", "u32"]>;
  readonly write: Call<["i32", "buffer", "u32"]>;
  readonly poll: Call<["buffer", "u32", "i32"]>;
  readonly shutdown: Call<["i32", "i32"]>;
  readonly close: Call<["i32"]>;
  readonly getsockopt: Call<["i32", "i32", "i32", "buffer", "buffer"]>;
  readonly setsockopt: Call<["i32", "i32", "i32", "buffer", "u32"]>;
  readonly getsockname: Call<["i32", "buffer", "buffer"]>;
  readonly getpeername: Call<["i32", "buffer", "buffer"]>;
  readonly open: Call<["buffer", "i32"]>;
}

/** The part of a system's C library that is called here. */
export interface PosixLibc {
  readonly symbols: PosixSymbols;
  errno(): number;
}

/** See the top of this file. */
export abstract class PosixSockets implements SocketCalls {
  abstract readonly acceptName: string;
  // Scratch memory for out-parameters; every use is over before the call returns.
  protected readonly address: RawAddress = new Uint8Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  protected readonly length: Int32Array<ArrayBuffer> = new Int32Array(new ArrayBuffer(4));
  protected readonly value: Int32Array<ArrayBuffer> = new Int32Array(new ArrayBuffer(8));
  readonly #libc: PosixLibc;

  constructor(libc: PosixLibc) {
    this.#libc = libc;
  }

  abstract streamSocket(family: Family): number;
  abstract accept(fd: number): number;
  abstract recv(fd: number, buffer: Uint8Array, length: number): number;
  abstract send(fd: number, buffer: Uint8Array, length: number): number;
  abstract getOption(fd: number, option: IntOption): number;
  abstract setOption(fd: number, option: IntOption, value: number): number;
  abstract setLinger(fd: number, seconds: number): number;
  abstract linger(fd: number): number;
  abstract bindToDevice(fd: number, name: string): number;
  abstract unacknowledged(fd: number): number;
  abstract maxBacklog(): number;
  abstract spareDescriptor(): number;

  /** Whether `address` is a `struct sockaddr_in`. */
  protected abstract isInet4(address: RawAddress): boolean;

  bind(fd: number, address: RawAddress): number {
    return this.done(this.#libc.symbols.bind(fd, address, address.length));
  }

  listen(fd: number, backlog: number): number {
    return this.done(this.#libc.symbols.listen(fd, backlog));
  }

  connect(fd: number, address: RawAddress): number {
    return this.done(this.#libc.symbols.connect(fd, address, address.length));
  }

  peer(): RawAddress {
    return this.#copyAddress();
  }

  packedPeer(): number {
    return packAddress(this.address, this.isInet4(this.address));
  }

  read(fd: number, buffer: Uint8Array, length: number): number {
    return this.done(this.#libc.symbols.read(fd, buffer, length));
  }

  write(fd: number, buffer: Uint8Array, length: number): number {
    return this.done(this.#libc.symbols.write(fd, buffer, length));
  }

  ready(fd: number, direction: "read" | "write"): number {
    // struct pollfd { int fd; short events; short revents; }: revents also reports hang-ups and
    // errors.
    this.value[0] = fd;
    this.value[1] = direction === "read" ? POLLIN : POLLOUT;
    return this.done(this.#libc.symbols.poll(this.value, 1, 0));
  }

  shutdown(fd: number, how: ShutdownHow): number {
    return this.done(this.#libc.symbols.shutdown(fd, how === "read" ? SHUT_RD : SHUT_WR));
  }

  /** Not retried on EINTR: the number is free by then, and may already be another descriptor's. */
  close(fd: number): number {
    return this.done(this.#libc.symbols.close(fd));
  }

  localAddress(fd: number): RawAddress | number {
    this.length[0] = SOCKADDR_STORAGE_SIZE;
    const done = this.done(this.#libc.symbols.getsockname(fd, this.address, this.length));
    return done < 0 ? done : this.#copyAddress();
  }

  remoteAddress(fd: number): RawAddress | number {
    this.length[0] = SOCKADDR_STORAGE_SIZE;
    const done = this.done(this.#libc.symbols.getpeername(fd, this.address, this.length));
    return done < 0 ? done : this.#copyAddress();
  }

  /** Returns an integer option, or minus an errno. */
  protected getInt(fd: number, level: number, name: number): number {
    this.length[0] = 4;
    const { getsockopt } = this.#libc.symbols;
    const done = this.done(getsockopt(fd, level, name, this.value, this.length));
    return done < 0 ? done : this.value[0];
  }

  /** Sets an integer option. */
  protected setInt(fd: number, level: number, name: number, value: number): number {
    this.value[0] = value;
    return this.done(this.#libc.symbols.setsockopt(fd, level, name, this.value, 4));
  }

  /** Sets the option `name`, a `struct linger`; negative seconds disable it. */
  protected setLingerBy(fd: number, level: number, name: number, seconds: number): number {
    // struct linger { int l_onoff; int l_linger; }
    this.value[0] = seconds < 0 ? 0 : 1;
    this.value[1] = seconds < 0 ? 0 : seconds;
    return this.done(this.#libc.symbols.setsockopt(fd, level, name, this.value, 8));
  }

  /** Reads the option `name`, a `struct linger`. */
  protected lingerBy(fd: number, level: number, name: number): number {
    this.length[0] = 8;
    const { getsockopt } = this.#libc.symbols;
    const done = this.done(getsockopt(fd, level, name, this.value, this.length));
    return done < 0 || this.value[0] === 0 ? -1 : this.value[1];
  }

  /** Opens /dev/null with `flags`. */
  protected openNull(flags: number): number {
    return this.done(this.#libc.symbols.open(DEV_NULL, flags));
  }

  /** Returns a call's result, or minus the errno that it set. */
  protected done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }

  #copyAddress(): RawAddress {
    return this.address.slice(0, this.length[0]);
  }
}
