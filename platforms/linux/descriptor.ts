// SPDX-License-Identifier: MIT
/**
 * Foreign descriptors on Linux: their kind, duplicates, and reads of descriptors that are not
 * sockets.
 */
import type { DescriptorCalls, DescriptorKind } from "../contract/packets.ts";
import type { SocketCalls } from "../contract/platform.ts";
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";
import { LinuxSockets } from "./socket.ts";

const ENOTSOCK = 88;
const DOMAINS: Readonly<Record<number, DescriptorKind["domain"]>> = {
  [C.AF_INET]: "ip4",
  [C.AF_INET6]: "ip6",
  [C.AF_UNIX]: "unix",
};
const TYPES: Readonly<Record<number, DescriptorKind["type"]>> = {
  [C.SOCK_STREAM]: "stream",
  [C.SOCK_DGRAM]: "dgram",
  [C.SOCK_SEQPACKET]: "seqpacket",
};

/** Pipes, terminals and so on, which need read(2) and write(2) in place of the socket calls. */
class LinuxFiles extends LinuxSockets {
  readonly #libc: Libc;

  constructor(libc: Libc) {
    super(libc);
    this.#libc = libc;
  }

  override recv(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#libc.symbols.read(fd, buffer, length);
    return n >= 0 ? n : -this.#libc.errno();
  }

  override send(fd: number, buffer: Uint8Array, length: number): number {
    const n = this.#libc.symbols.write(fd, buffer, length);
    return n >= 0 ? n : -this.#libc.errno();
  }
}

/** See {@linkcode DescriptorCalls}. */
export class LinuxDescriptors implements DescriptorCalls {
  readonly files: SocketCalls;
  readonly #libc: Libc;
  readonly #value = new Int32Array(new ArrayBuffer(4));
  readonly #length = new Int32Array(new ArrayBuffer(4));

  constructor(libc: Libc) {
    this.#libc = libc;
    this.files = new LinuxFiles(libc);
  }

  kind(fd: number): DescriptorKind | number {
    const domain = this.#option(fd, C.SO_DOMAIN);
    if (domain === -ENOTSOCK) return { domain: "file", type: "other", listening: false };
    if (domain < 0) return domain;
    return {
      domain: DOMAINS[domain] ?? "other",
      type: TYPES[this.#option(fd, C.SO_TYPE)] ?? "other",
      listening: this.#option(fd, C.SO_ACCEPTCONN) === 1,
    };
  }

  duplicate(fd: number): number {
    return this.#fcntl(fd, C.F_DUPFD_CLOEXEC, 0);
  }

  closeOnExec(fd: number): number {
    return this.#fcntl(fd, C.F_SETFD, C.FD_CLOEXEC);
  }

  setNonBlocking(fd: number, on: boolean): number {
    const flags = this.#fcntl(fd, C.F_GETFL, 0);
    if (flags < 0) return flags;
    const wanted = on ? flags | C.O_NONBLOCK : flags & ~C.O_NONBLOCK;
    if (wanted === flags) return 0;
    const done = this.#fcntl(fd, C.F_SETFL, wanted);
    return done < 0 ? done : 1;
  }

  close(fd: number): number {
    const done = this.#libc.symbols.close(fd);
    return done >= 0 ? done : -this.#libc.errno();
  }

  #option(fd: number, name: number): number {
    this.#length[0] = 4;
    const { getsockopt } = this.#libc.symbols;
    const done = getsockopt(fd, C.SOL_SOCKET, name, this.#value, this.#length);
    return done < 0 ? -this.#libc.errno() : this.#value[0];
  }

  #fcntl(fd: number, command: number, argument: number): number {
    const done = this.#libc.symbols.fcntl(fd, command, argument);
    return done >= 0 ? done : -this.#libc.errno();
  }
}
