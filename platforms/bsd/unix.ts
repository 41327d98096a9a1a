// SPDX-License-Identifier: MIT
/** Unix sockets of macOS and FreeBSD behind the neutral seam. They have no abstract names. */
import {
  AF_UNIX,
  EINVAL,
  LOCAL_PEERCRED,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_LOCAL,
} from "./constants.ts";
import type { RawCredentials, UnixCalls, UnixType } from "../packet_types.ts";
import type { RawAddress } from "../types.ts";
import type { BsdLibc } from "./libc.ts";
import { openSocket } from "./open_socket.ts";
import { SOCKADDR_UN, XUCRED } from "./structs.ts";
import type { BsdSystem } from "./system.ts";

/** macOS itself refuses the last. */
const TYPES: Readonly<Record<UnixType, number>> = {
  stream: SOCK_STREAM,
  dgram: SOCK_DGRAM,
  seqpacket: SOCK_SEQPACKET,
};

/** See {@linkcode UnixCalls}. */
export class BsdUnix implements UnixCalls {
  /** A path ends with a zero. */
  readonly maxPath = SOCKADDR_UN.pathSize - 1;
  readonly maxAbstract = 0;
  readonly #libc: BsdLibc;
  readonly #system: BsdSystem;
  readonly #credentials = new Uint32Array(new ArrayBuffer(XUCRED.room));
  readonly #length = new Int32Array(new ArrayBuffer(4));

  constructor(libc: BsdLibc, system: BsdSystem) {
    this.#libc = libc;
    this.#system = system;
  }

  socket(type: UnixType): number {
    return openSocket(this.#libc, this.#system, AF_UNIX, TYPES[type]);
  }

  encodeName(name: Uint8Array): RawAddress {
    const end = name.length > 0 ? 1 : 0;
    const bytes = new Uint8Array(new ArrayBuffer(SOCKADDR_UN.path + name.length + end));
    bytes[0] = bytes.length;
    bytes[1] = AF_UNIX;
    bytes.set(name, SOCKADDR_UN.path);
    return bytes;
  }

  /** The kernel may give more bytes than the path has, or no zero at its end. */
  decodeName(address: Uint8Array): Uint8Array {
    const name = address.subarray(SOCKADDR_UN.path);
    const end = name.indexOf(0);
    return end < 0 ? name : name.subarray(0, end);
  }

  credentials(fd: number): RawCredentials | number {
    const words = this.#credentials;
    const done = this.#option(fd, LOCAL_PEERCRED, XUCRED.room);
    if (done < 0) return done;
    if (words[XUCRED.version / 4] !== XUCRED.XUCRED_VERSION) return -EINVAL;
    const uid = words[XUCRED.uid / 4];
    const gid = words[XUCRED.groups / 4];
    const { peerPid } = this.#system;
    if ("offset" in peerPid) return { pid: words[peerPid.offset / 4], uid, gid };
    const asked = this.#option(fd, peerPid.option, 4);
    return asked < 0 ? asked : { pid: words[0], uid, gid };
  }

  #option(fd: number, name: number, room: number): number {
    this.#length[0] = room;
    const { getsockopt } = this.#libc.symbols;
    const done = getsockopt(fd, SOL_LOCAL, name, this.#credentials, this.#length);
    return done < 0 ? -this.#libc.errno() : 0;
  }
}
