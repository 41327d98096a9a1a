// SPDX-License-Identifier: MIT
/**
 * Unix sockets of Windows 10 (1803) and later: streams with path names, no datagrams, no packets,
 * no descriptors in messages. See afunix.h. Wine has none, so this was compared with the headers
 * and run over a stand-in, and not on Windows.
 */
import type { RawCredentials, UnixCalls, UnixType } from "../../contract/packets.ts";
import * as C from "../abi/constants.ts";
import { ESOCKTNOSUPPORT } from "../abi/errno.ts";
import type { WindowsSockets } from "./sockets.ts";
import type { Winsock } from "../abi/winsock.ts";

/** Windows does not identify users by a number. */
const NO_NUMBER = -1;

/** See {@linkcode UnixCalls}. */
export class WindowsUnix implements UnixCalls {
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

  credentials(fd: number): RawCredentials | number {
    const { ws2, errno } = this.#winsock;
    const pid = this.#pid;
    const code = C.SIO_AF_UNIX_GETPEERPID;
    const done = ws2.WSAIoctl(fd, code, pid, 0, pid, 4, this.#length, null, null);
    return done === 0 ? { pid: pid[0], uid: NO_NUMBER, gid: NO_NUMBER } : -errno();
  }
}
