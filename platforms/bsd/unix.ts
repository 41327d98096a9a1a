// SPDX-License-Identifier: MIT
/** Unix sockets of macOS and FreeBSD, which have no abstract names. */
import {
  AF_UNIX,
  EINVAL,
  LOCAL_PEERCRED,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_LOCAL,
} from "./constants.ts";
import type { RawCredentials, UnixCalls, UnixType } from "../contract/packets.ts";
import type { BsdLibc } from "./libc.ts";
import { openSocket } from "./open_socket.ts";
import { XUCRED } from "./structs.ts";
import type { BsdSystem } from "./system.ts";

/** macOS itself rejects the last. */
const TYPES: Readonly<Record<UnixType, number>> = {
  stream: SOCK_STREAM,
  dgram: SOCK_DGRAM,
  seqpacket: SOCK_SEQPACKET,
};

/** See {@linkcode UnixCalls}. */
export class BsdUnix implements UnixCalls {
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
