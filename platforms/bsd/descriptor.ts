// SPDX-License-Identifier: MIT
/** Foreign descriptors: their kind, duplicates, and reads of descriptors that are not sockets. */
import {
  AF_INET,
  AF_UNIX,
  ENOTSOCK,
  SO_ACCEPTCONN,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import type { DescriptorCalls, DescriptorKind } from "../contract/packets.ts";
import { SOCKADDR_STORAGE_SIZE } from "../shared/sockaddr.ts";
import type { SocketCalls } from "../contract/platform.ts";
import { closeOnExec, isNonBlocking, setNonBlocking } from "./fd_flags.ts";
import type { BsdLibc } from "./libc.ts";
import { keepQuiet } from "./open_socket.ts";
import { BsdSockets } from "./socket.ts";
import type { BsdSystem } from "./system.ts";

const TYPES: Readonly<Record<number, DescriptorKind["type"]>> = {
  [SOCK_STREAM]: "stream",
  [SOCK_DGRAM]: "dgram",
  [SOCK_SEQPACKET]: "seqpacket",
};

/** Pipes, terminals and so on, which need read(2) and write(2) in place of the socket calls. */
class BsdFiles extends BsdSockets {
  override recv(fd: number, buffer: Uint8Array, length: number): number {
    return this.read(fd, buffer, length);
  }

  override send(fd: number, buffer: Uint8Array, length: number): number {
    return this.write(fd, buffer, length);
  }
}

/** See {@linkcode DescriptorCalls}. */
export class BsdDescriptors implements DescriptorCalls {
  readonly files: SocketCalls;
  readonly #libc: BsdLibc;
  readonly #system: BsdSystem;
  /** Whether each call has a flag that suppresses SIGPIPE. */
  readonly #quiet: boolean;
  readonly #domains: Readonly<Record<number, DescriptorKind["domain"]>>;
  readonly #address = new Uint8Array(new ArrayBuffer(SOCKADDR_STORAGE_SIZE));
  readonly #value = new Int32Array(new ArrayBuffer(4));
  readonly #length = new Int32Array(new ArrayBuffer(4));

  constructor(libc: BsdLibc, system: BsdSystem) {
    this.#libc = libc;
    this.#system = system;
    this.#quiet = system.constants.MSG_NOSIGNAL !== 0;
    this.files = new BsdFiles(libc, system);
    this.#domains = {
      [AF_INET]: "ip4",
      [system.constants.AF_INET6]: "ip6",
      [AF_UNIX]: "unix",
    };
  }

  /** macOS has no SO_DOMAIN: the socket's own address has its family, bound or not. */
  kind(fd: number): DescriptorKind | number {
    this.#length[0] = SOCKADDR_STORAGE_SIZE;
    const { getsockname } = this.#libc.symbols;
    const done = this.#done(getsockname(fd, this.#address, this.#length));
    if (done === -ENOTSOCK) return { domain: "file", type: "other", listening: false };
    if (done < 0) return done;
    return {
      domain: this.#domains[this.#system.sockaddr.family(this.#address)] ?? "other",
      type: TYPES[this.#option(fd, SO_TYPE)] ?? "other",
      // The kernel returns the flag's bit, not 1.
      listening: this.#option(fd, SO_ACCEPTCONN) > 0,
    };
  }

  /** Uses dup(2), since F_DUPFD_CLOEXEC would need a variadic integer; see ./fd_flags.ts. */
  duplicate(fd: number): number {
    const copy = this.#done(this.#libc.symbols.dup(fd));
    if (copy < 0) return copy;
    const done = this.closeOnExec(copy);
    if (done < 0) this.#libc.symbols.close(copy);
    return done < 0 ? done : copy;
  }

  closeOnExec(fd: number): number {
    return this.#done(closeOnExec(this.#libc, fd));
  }

  /** Also sets SO_NOSIGPIPE on an adopted socket, where calls have no such flag. */
  setNonBlocking(fd: number, on: boolean): number {
    const is = this.#done(isNonBlocking(this.#libc, fd));
    if (is < 0) return is;
    // Fails on a descriptor that is not a socket, which is harmless.
    if (on && !this.#quiet) keepQuiet(this.#libc, this.#system, fd);
    if ((is === 1) === on) return 0;
    const done = this.#done(setNonBlocking(this.#libc, fd, on));
    return done < 0 ? done : 1;
  }

  close(fd: number): number {
    return this.#done(this.#libc.symbols.close(fd));
  }

  #option(fd: number, name: number): number {
    this.#length[0] = 4;
    const { getsockopt } = this.#libc.symbols;
    const done = getsockopt(fd, SOL_SOCKET, name, this.#value, this.#length);
    return done < 0 ? -this.#libc.errno() : this.#value[0];
  }

  #done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }
}
