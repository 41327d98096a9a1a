// SPDX-License-Identifier: MIT
/** Unix sockets of a simulated host. */
import type { RawCredentials, SocketFiles, UnixCalls, UnixType } from "../contract/packets.ts";
import { EBADF, EOPNOTSUPP } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { UnixSocket } from "./unix_socket.ts";

/** First process ID; each host is one process with one user. */
const FIRST_PID = 1000;
const USER = 1000;

/** See {@linkcode UnixCalls}. */
export class SimUnix implements UnixCalls {
  readonly files: SocketFiles;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    const { unixNames } = kernel;
    this.files = {
      identity: (path) => {
        const inode = unixNames.inode(path);
        return inode === null ? null : `${inode}`;
      },
      isSocket: (path) => unixNames.inode(path) !== null,
      remove: (path) => unixNames.remove(path),
    };
  }

  socket(type: UnixType): number {
    this.#kernel.enter();
    return this.#kernel.called(
      "socket",
      -1,
      this.#kernel.allocate(new UnixSocket(this.#kernel, type)),
    );
  }

  /** Both ends belong to the host's process. */
  credentials(fd: number): RawCredentials | number {
    const file = this.#kernel.file(fd);
    if (file === undefined) return -EBADF;
    if (!(file instanceof UnixSocket)) return -EOPNOTSUPP;
    return { pid: FIRST_PID + this.#kernel.index, uid: USER, gid: USER };
  }
}
