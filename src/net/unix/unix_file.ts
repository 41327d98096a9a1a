// SPDX-License-Identifier: MIT
/**
 * The file that binding a Unix socket creates, and that the kernel does not remove. Go:
 * UnixListener.close.
 */
import { nodeModule } from "../../../platforms/contract/host.ts";
import type { SocketFiles } from "../../../platforms/contract/packets.ts";
import { platform } from "../../../platforms/platform.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { UnixName } from "../addr/unix_addr.ts";

/** Files of the system, by `node:fs`. */
const REAL: SocketFiles = {
  identity(path) {
    const { dev, ino } = nodeModule("node:fs").lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  },
  isSocket: (path) => nodeModule("node:fs").lstatSync(path).isSocket(),
  remove: (path) => nodeModule("node:fs").unlinkSync(path),
};

/** Returns the file calls of the platform. */
function socketFiles(): SocketFiles {
  return platform().unix.files ?? REAL;
}

/**
 * A socket's file, identified by its inode, because another socket may have been bound to the path
 * since.
 */
export class SocketFile {
  readonly #path: string;
  readonly #files: SocketFiles = socketFiles();
  readonly #identity: string | null;

  /** Records the newly created file at `path`. */
  constructor(path: string) {
    this.#path = path;
    this.#identity = this.#files.identity(path);
  }

  /** Removes the file if it is still the same one. A missing file is not an error. */
  remove(): void {
    try {
      if (this.#files.identity(this.#path) === this.#identity) this.#files.remove(this.#path);
    } catch {
      // The file or its directory is already gone.
    }
  }
}

/** Binds `fd`; returns the file that this created, if any. Throws SyscallError. */
export function bindUnix(fd: number, { raw, path }: UnixName): SocketFile | null {
  const { sockets, errnoText } = platform();
  const done = sockets.bind(fd, raw);
  if (done >= 0) return path === null ? null : new SocketFile(path);
  const inUse = path !== null && errnoText(-done).name === "EADDRINUSE";
  throw new SyscallError("bind", -done, inUse ? whoHasIt(path, raw) : "");
}

/**
 * Explains why a path is in use, by connecting a datagram socket, which its listener does not
 * notice.
 */
function whoHasIt(path: string, raw: UnixName["raw"]): string {
  const { sockets, errnoText } = platform();
  const probe = platform().unix.socket("dgram");
  // Windows has no such sockets, and cannot distinguish socket files.
  if (probe < 0) return "";
  const done = sockets.connect(probe, raw);
  sockets.close(probe);
  if (!socketFiles().isSocket(path)) return `: ${path} is a file, not a socket`;
  if (errnoText(-done).name !== "ECONNREFUSED") return `: another socket is bound to ${path}`;
  return `: ${path} is the file of a socket that no longer exists; remove it first`;
}
