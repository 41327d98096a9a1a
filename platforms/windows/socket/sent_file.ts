// SPDX-License-Identifier: MIT
/**
 * Files for TransmitFile. A descriptor of `node:fs` is not a Windows handle, so each file is opened
 * again, by its path.
 */
import * as C from "../abi/constants.ts";
import { EOPNOTSUPP } from "../abi/errno.ts";
import type { Winsock } from "../abi/winsock.ts";

/** Splits a 64-bit size into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;
const size = new Uint32Array(new ArrayBuffer(8));

/** A file with its handle, which is closed once it is released and no send reads it. */
export class SentFile {
  readonly handle: number;
  readonly #winsock: Winsock;
  #sends = 0;
  #givenBack = false;

  /**
   * Opens the file at `path`, or returns minus an errno. It cannot be written to in the meantime,
   * though it may be replaced: its bytes count as sent before Windows reads them.
   */
  static open(winsock: Winsock, path: string): SentFile | number {
    const share = C.FILE_SHARE_READ | C.FILE_SHARE_DELETE;
    const flags = C.FILE_FLAG_OVERLAPPED | C.FILE_FLAG_SEQUENTIAL_SCAN;
    const name = new Uint16Array(path.length + 1).map((_, i) => path.charCodeAt(i));
    const handle = winsock.kernel
      .CreateFileW(name, C.GENERIC_READ, share, null, C.OPEN_EXISTING, flags, 0);
    // Not an error: a file that another process is writing to is sent by reads and writes.
    return handle === C.INVALID_HANDLE_VALUE ? -EOPNOTSUPP : new SentFile(winsock, handle);
  }

  private constructor(winsock: Winsock, handle: number) {
    this.#winsock = winsock;
    this.handle = handle;
  }

  /** Returns its size in bytes, or minus an errno. */
  get size(): number {
    if (this.#winsock.kernel.GetFileSizeEx(this.handle, size) === 0) return -this.#winsock.errno();
    return size[0] + size[1] * WORD;
  }

  /** Records that a send reads it. */
  beginSend(): void {
    this.#sends++;
  }

  /** Records that a send has ended. */
  endSend(): void {
    this.#sends--;
    this.#closeIfUnused();
  }

  /** Releases it; no further send may start. */
  giveBack(): void {
    this.#givenBack = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#givenBack && this.#sends === 0) this.#winsock.kernel.CloseHandle(this.handle);
  }
}
