// SPDX-License-Identifier: MIT
/**
 * The file that binding a Unix socket creates, and that only the library removes. Go:
 * UnixListener.close.
 */
import { nodeModule } from "../../../platforms/contract/host.ts";
import type { SocketFiles } from "../../../platforms/contract/packets.ts";
import { platform } from "../../../platforms/platform.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { UnixName } from "../addr/unix_addr.ts";

/** Files of the system. */
const REAL: SocketFiles = {
  identity(path) {
    const { dev, ino } = nodeModule("node:fs").lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  },
  isSocket: (path) => nodeModule("node:fs").lstatSync(path).isSocket(),
  remove: (path) => nodeModule("node:fs").unlinkSync(path),
};

/** The files of the platform. */
function socketFiles(): SocketFiles {
  return platform().unix.files ?? REAL;
}

/** A socket's file, known by its inode: another socket may be bound to the path by now. */
export class SocketFile {
  readonly #path: string;
  readonly #files: SocketFiles = socketFiles();
  readonly #identity: string | null;

  /** The file at `path`, which was just made. */
  constructor(path: string) {
    this.#path = path;
    this.#identity = this.#files.identity(path);
  }

  /** Removes it, if it is still the same. That it is not there is no error. */
  remove(): void {
    try {
      if (this.#files.identity(this.#path) === this.#identity) this.#files.remove(this.#path);
    } catch {
      // Gone, or in a folder that is: there is nothing to remove.
    }
  }
}

/** Binds `fd`; gives the file that this made, if it made one. Throws SyscallError. */
export function bindUnix(fd: number, { raw, path }: UnixName): SocketFile | null {
  const { sockets, errnoText } = platform();
  const done = sockets.bind(fd, raw);
  if (done >= 0) return path === null ? null : new SocketFile(path);
  const inUse = path !== null && errnoText(-done).name === "EADDRINUSE";
  throw new SyscallError("bind", -done, inUse ? whoHasIt(path, raw) : "");
}

/** Explains why a path is in use. A datagram socket does not notice that another connects to it. */
function whoHasIt(path: string, raw: UnixName["raw"]): string {
  const { sockets, errnoText } = platform();
  const probe = platform().unix.socket("dgram");
  // Windows has none of these, nor does it tell the file of a socket from others.
  if (probe < 0) return "";
  const done = sockets.connect(probe, raw);
  sockets.close(probe);
  if (!socketFiles().isSocket(path)) return `: ${path} is a file, not a socket`;
  if (errnoText(-done).name !== "ECONNREFUSED") return `: another socket is bound to ${path}`;
  return `: ${path} is the file of a socket that no longer exists; remove it first`;
}
