// SPDX-License-Identifier: MIT
/** Unix sockets of Linux. See unix(7). */
import type { RawCredentials, UnixCalls, UnixType } from "../contract/packets.ts";
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";

const TYPES: Readonly<Record<UnixType, number>> = {
  stream: C.SOCK_STREAM,
  dgram: C.SOCK_DGRAM,
  seqpacket: C.SOCK_SEQPACKET,
};

/** See {@linkcode UnixCalls}. */
export class LinuxUnix implements UnixCalls {
  readonly #libc: Libc;
  readonly #credentials = new Uint32Array(new ArrayBuffer(12));
  readonly #length = new Int32Array(new ArrayBuffer(4));

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  socket(type: UnixType): number {
    const flags = TYPES[type] | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;
    const fd = this.#libc.symbols.socket(C.AF_UNIX, flags, 0);
    return fd >= 0 ? fd : -this.#libc.errno();
  }

  credentials(fd: number): RawCredentials | number {
    // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
    this.#length[0] = 12;
    const { getsockopt } = this.#libc.symbols;
    const done = getsockopt(fd, C.SOL_SOCKET, C.SO_PEERCRED, this.#credentials, this.#length);
    if (done < 0) return -this.#libc.errno();
    const [pid, uid, gid] = this.#credentials;
    return { pid, uid, gid };
  }
}
