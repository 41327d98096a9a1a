// SPDX-License-Identifier: MIT
/** Sends with many pieces: they are combined in the slot that is sent. */
import type { SendVector } from "../../contract/platform.ts";
import { EOPNOTSUPP } from "../abi/errno.ts";
import type { WindowsSockets } from "./sockets.ts";
import { StreamSocket } from "./stream_socket.ts";

/** Maximum number of pieces per send. */
const CAPACITY = 64;

interface Part {
  readonly piece: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** See {@linkcode SendVector}. */
export class WindowsSendVector implements SendVector {
  readonly capacity = CAPACITY;
  readonly #sockets: WindowsSockets;
  #parts: Part[] = [];
  #bytes = 0;

  constructor(sockets: WindowsSockets) {
    this.#sockets = sockets;
  }

  get count(): number {
    return this.#parts.length;
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  add(piece: Uint8Array, start: number, end: number): void {
    this.#parts.push({ piece, start, end });
    this.#bytes += end - start;
  }

  send(fd: number): number {
    const socket = this.#sockets.find(fd);
    if (typeof socket === "number") return socket;
    if (!(socket instanceof StreamSocket)) return -EOPNOTSUPP;
    const slot = socket.sender.slot(this.#bytes);
    if (typeof slot === "number") return slot;
    let used = 0;
    for (const { piece, start, end } of this.#parts) {
      const n = Math.min(end - start, slot.data.length - used);
      slot.data.set(piece.subarray(start, start + n), used);
      used += n;
    }
    return socket.sender.sendSlot(slot, used);
  }
}
