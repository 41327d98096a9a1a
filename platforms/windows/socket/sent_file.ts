// SPDX-License-Identifier: MIT
/**
 * Files that TransmitFile sends. A number of `node:fs` is no handle of Windows, so each is opened
 * once more, by its path.
 */
import * as C from "../abi/constants.ts";
import { EOPNOTSUPP } from "../abi/errno.ts";
import type { Winsock } from "../abi/winsock.ts";

/** A 64-bit size as two 32-bit words, which takes no BigInt. */
const WORD = 2 ** 32;
const size = new Uint32Array(new ArrayBuffer(8));

/** A file with its handle, which is closed when it has been given back and no send reads it. */
export class SentFile {
  readonly handle: number;
  readonly #winsock: Winsock;
  #sends = 0;
  #givenBack = false;

  /**
   * Opens the file at `path`, or returns minus an errno. It cannot be written to meanwhile, though
   * it may be replaced: what a send is about to read must be there, for its bytes count as sent
   * already.
   */
  static open(winsock: Winsock, path: string): SentFile | number {
    const share = C.FILE_SHARE_READ | C.FILE_SHARE_DELETE;
    const flags = C.FILE_FLAG_OVERLAPPED | C.FILE_FLAG_SEQUENTIAL_SCAN;
    const name = new Uint16Array(path.length + 1).map((_, i) => path.charCodeAt(i));
    const handle = winsock.kernel
      .CreateFileW(name, C.GENERIC_READ, share, null, C.OPEN_EXISTING, flags, 0);
    // A file that another process is writing to is no error: it is then sent in another way.
    return handle === C.INVALID_HANDLE_VALUE ? -EOPNOTSUPP : new SentFile(winsock, handle);
  }

  private constructor(winsock: Winsock, handle: number) {
    this.#winsock = winsock;
    this.handle = handle;
  }

  /** How long it is, in bytes; or minus an errno. */
  get size(): number {
    if (this.#winsock.kernel.GetFileSizeEx(this.handle, size) === 0) return -this.#winsock.errno();
    return size[0] + size[1] * WORD;
  }

  /** A send begins to read it. */
  beginSend(): void {
    this.#sends++;
  }

  /** A send is over. */
  endSend(): void {
    this.#sends--;
    this.#closeIfUnused();
  }

  /** No further send of it begins. */
  giveBack(): void {
    this.#givenBack = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#givenBack && this.#sends === 0) this.#winsock.kernel.CloseHandle(this.handle);
  }
}
