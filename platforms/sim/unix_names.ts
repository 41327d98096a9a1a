// SPDX-License-Identifier: MIT
/** Names of Unix sockets on a host: abstract names, and file paths, which outlive their sockets. */
import { EADDRINUSE, ECONNREFUSED, ENOENT } from "./errno.ts";

/** A file created by binding. */
interface SocketFile<S> {
  readonly inode: number;
  /** The socket; null after its close. */
  socket: S | null;
}

/** See the top of this file. Abstract names begin with a zero. */
export class UnixNames<S extends object> {
  readonly #abstract = new Map<string, S>();
  readonly #files = new Map<string, SocketFile<S>>();
  #inodes = 0;
  #unused = 0;

  /** Binds a socket to `name`. 0 or minus an errno. */
  bind(name: string, socket: S): number {
    if (this.#abstract.has(name) || this.#files.has(name)) return -EADDRINUSE;
    if (name.startsWith("\0")) this.#abstract.set(name, socket);
    else this.#files.set(name, { inode: ++this.#inodes, socket });
    return 0;
  }

  /** Returns the socket bound to a name, or minus an errno. */
  find(name: string): S | number {
    if (name.startsWith("\0")) return this.#abstract.get(name) ?? -ECONNREFUSED;
    const file = this.#files.get(name);
    return file === undefined ? -ENOENT : file.socket ?? -ECONNREFUSED;
  }

  /** Returns an unused abstract name. */
  unusedName(): string {
    for (;;) {
      const name = `\0${(++this.#unused).toString(16).padStart(5, "0")}`;
      if (!this.#abstract.has(name)) return name;
    }
  }

  /** Handles a socket's close; its file stays. */
  closed(name: string | null, socket: S): void {
    if (name === null) return;
    if (this.#abstract.get(name) === socket) this.#abstract.delete(name);
    const file = this.#files.get(name);
    if (file?.socket === socket) file.socket = null;
  }

  /** Returns the inode number of the file at `path`, or null if there is none. */
  inode(path: string): number | null {
    return this.#files.get(path)?.inode ?? null;
  }

  /** Removes the file at `path`. */
  remove(path: string): void {
    this.#files.delete(path);
  }

  /** Handles a crash: files stay, sockets do not. */
  crash(): void {
    this.#abstract.clear();
    for (const file of this.#files.values()) file.socket = null;
  }
}
