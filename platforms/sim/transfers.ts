// SPDX-License-Identifier: MIT
/**
 * Vectored sends. Files and pipes are not simulated: their calls fail with an errno that kernels
 * may return.
 */
import type { PipeEnds, SendVector, TransferCalls } from "../contract/sockets.ts";
import { EINVAL } from "./errno.ts";
import type { SimSockets } from "./sockets.ts";

/** Capacity of Linux's adapter. */
const CAPACITY = 64;

/** Combines the pieces and sends them as one. */
class SimSendVector implements SendVector {
  readonly capacity = CAPACITY;
  readonly #sockets: SimSockets;
  #pieces: Uint8Array[] = [];

  constructor(sockets: SimSockets) {
    this.#sockets = sockets;
  }

  get count(): number {
    return this.#pieces.length;
  }

  clear(): void {
    this.#pieces = [];
  }

  add(piece: Uint8Array, start: number, end: number): void {
    this.#pieces.push(new Uint8Array(piece.buffer, piece.byteOffset + start, end - start));
  }

  send(fd: number): number {
    const length = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return this.#sockets.send(fd, bytes, length);
  }
}

/** See {@linkcode TransferCalls}. */
export class SimTransfers implements TransferCalls {
  readonly vector: SendVector;

  constructor(sockets: SimSockets) {
    this.vector = new SimSendVector(sockets);
  }

  /** The caller falls back to reads and writes, as for files that sendfile(2) does not support. */
  sendFile(): number {
    return -EINVAL;
  }

  splice(): number {
    return -EINVAL;
  }

  /** Without a pipe, the caller falls back to reads and writes. */
  pipe(): PipeEnds | number {
    return -EINVAL;
  }
}
