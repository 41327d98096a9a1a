// SPDX-License-Identifier: MIT
/** Transfers within the kernel on Windows: TransmitFile. */
import type { PipeEnds, TransferCalls } from "../../contract/platform.ts";
import { EOPNOTSUPP } from "../abi/errno.ts";
import { WindowsSendVector } from "./send_vector.ts";
import { SentFile } from "./sent_file.ts";
import type { WindowsSockets } from "./sockets.ts";
import { StreamSocket } from "./stream_socket.ts";
import type { Winsock } from "../abi/winsock.ts";

/** See {@linkcode TransferCalls}. */
export class WindowsTransfers implements TransferCalls {
  readonly vector: WindowsSendVector;
  readonly #winsock: Winsock;
  readonly #sockets: WindowsSockets;
  /** Open files by handle. */
  readonly #files = new Map<number, SentFile>();

  constructor(winsock: Winsock, sockets: WindowsSockets) {
    this.#winsock = winsock;
    this.#sockets = sockets;
    this.vector = new WindowsSendVector(sockets);
  }

  openFile(_file: number, path: string | null): number {
    if (path === null) return -EOPNOTSUPP;
    const opened = SentFile.open(this.#winsock, path);
    if (typeof opened === "number") return opened;
    this.#files.set(opened.handle, opened);
    return opened.handle;
  }

  closeFile(handle: number): void {
    this.#files.get(handle)?.giveBack();
    this.#files.delete(handle);
  }

  sendFile(to: number, from: number, offset: number, length: number): number {
    const file = this.#files.get(from);
    const socket = this.#sockets.find(to);
    if (typeof socket === "number") return socket;
    if (file === undefined || !(socket instanceof StreamSocket)) return -EOPNOTSUPP;
    const size = file.size;
    if (size < 0) return size;
    // Beyond the end of the file, TransmitFile would continue until it fails.
    const most = Math.min(length, size - offset);
    return most <= 0 ? 0 : socket.sender.transmit(file, offset, most);
  }

  splice(): number {
    return -EOPNOTSUPP;
  }

  pipe(): PipeEnds | number {
    return -EOPNOTSUPP;
  }
}
