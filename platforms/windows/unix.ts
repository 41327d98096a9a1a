// SPDX-License-Identifier: MIT
/**
 * Unix sockets of Windows 10 (1803) and later behind the neutral seam: streams with names that are
 * paths, no datagrams, no packets, no descriptors in messages. See afunix.h. Wine has none, so this was
 * compared with the headers and run over a stand-in, and not on Windows.
 */
import type { RawCredentials, UnixCalls, UnixType } from "../packet_types.ts";
import type { RawAddress } from "../types.ts";
import * as C from "./constants.ts";
import { ESOCKTNOSUPPORT } from "./errno.ts";
import type { WindowsSockets } from "./socket.ts";
import { SOCKADDR_UN } from "./structs.ts";
import type { Winsock } from "./winsock.ts";

/** Windows names users otherwise than by a number. */
const NO_NUMBER = -1;

/** See {@linkcode UnixCalls}. */
export class WindowsUnix implements UnixCalls {
  /** A path ends with a zero. */
  readonly maxPath: number = SOCKADDR_UN.pathSize - 1;
  readonly maxAbstract = 0;
  readonly #winsock: Winsock;
  readonly #sockets: WindowsSockets;
  readonly #pid = new Uint32Array(new ArrayBuffer(4));
  readonly #length = new Int32Array(new ArrayBuffer(4));

  constructor(winsock: Winsock, sockets: WindowsSockets) {
    this.#winsock = winsock;
    this.#sockets = sockets;
  }

  socket(type: UnixType): number {
    return type === "stream" ? this.#sockets.unixSocket() : -ESOCKTNOSUPPORT;
  }

  encodeName(name: Uint8Array): RawAddress {
    const end = name.length > 0 ? 1 : 0;
    const bytes = new Uint8Array(new ArrayBuffer(SOCKADDR_UN.path + name.length + end));
    new DataView(bytes.buffer).setUint16(0, C.AF_UNIX, true);
    bytes.set(name, SOCKADDR_UN.path);
    return bytes;
  }

  decodeName(address: Uint8Array): Uint8Array {
    const name = address.subarray(SOCKADDR_UN.path);
    const end = name.indexOf(0);
    return end < 0 ? name : name.subarray(0, end);
  }

  credentials(fd: number): RawCredentials | number {
    const { ws2, errno } = this.#winsock;
    const pid = this.#pid;
    const code = C.SIO_AF_UNIX_GETPEERPID;
    const done = ws2.WSAIoctl(fd, code, pid, 0, pid, 4, this.#length, null, null);
    return done === 0 ? { pid: pid[0], uid: NO_NUMBER, gid: NO_NUMBER } : -errno();
  }
}
