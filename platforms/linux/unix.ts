// SPDX-License-Identifier: MIT
/** Linux's Unix sockets behind the neutral seam. See unix(7). */
import type { RawCredentials, UnixCalls, UnixType } from "../packet_types.ts";
import type { RawAddress } from "../types.ts";
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";
import { SOCKADDR_UN } from "./structs.ts";

const TYPES: Readonly<Record<UnixType, number>> = {
  stream: C.SOCK_STREAM,
  dgram: C.SOCK_DGRAM,
  seqpacket: C.SOCK_SEQPACKET,
};

/** See {@linkcode UnixCalls}. */
export class LinuxUnix implements UnixCalls {
  /** A path ends with a zero, an abstract name begins with one. */
  readonly maxPath = SOCKADDR_UN.pathSize - 1;
  readonly maxAbstract = SOCKADDR_UN.pathSize - 1;
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

  /** The length tells where an abstract name ends, which may hold zeros; a path ends with one. */
  encodeName(name: Uint8Array): RawAddress {
    const path = name.length > 0 && name[0] !== 0;
    const bytes = new Uint8Array(new ArrayBuffer(SOCKADDR_UN.path + name.length + (path ? 1 : 0)));
    new DataView(bytes.buffer).setUint16(0, C.AF_UNIX, true);
    bytes.set(name, SOCKADDR_UN.path);
    return bytes;
  }

  /** A path of 108 bytes has no zero at its end. */
  decodeName(address: Uint8Array): Uint8Array {
    const name = address.subarray(SOCKADDR_UN.path);
    if (name.length === 0 || name[0] === 0) return name;
    const end = name.indexOf(0);
    return end < 0 ? name : name.subarray(0, end);
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
