// SPDX-License-Identifier: MIT
/**
 * The receiving half of a datagram socket: one WSARecvFrom into a slot that any datagram fits into, so
 * that none is cut off before its reader is known. It belongs to the socket: see receiver.ts.
 */
import { POLL_READ } from "../types.ts";
import { type Beginner, LARGE, type Operation } from "./arena.ts";
import { ECANCELED } from "./errno.ts";
import { AGAIN, type SocketHandle } from "./handle.ts";
import { WSABUF } from "./structs.ts";

/** Where the address of a sender goes. */
export interface Name {
  readonly bytes: Uint8Array;
  /** Bytes of it that count. */
  length: number;
}

/** See the top of this file. */
export class DatagramReceiver implements Beginner {
  readonly socket: SocketHandle;
  #pending: Operation | null = null;
  /** A receive that is over and whose datagram nobody has read yet. */
  #kept: Operation | null = null;
  #error = 0;

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /** Receives one datagram; gives its own length, which may be more, and its sender in `from`. */
  receive(buffer: Uint8Array, length: number, from: Name | null): number {
    for (;;) {
      if (this.#kept !== null) return this.#collect(this.#kept, buffer, length, from);
      if (this.#pending !== null) return AGAIN;
      const error = this.#error;
      this.#error = 0;
      if (error !== 0) return -error;
      const begun = this.#begin();
      if (begun !== 0) return begun;
    }
  }

  /** Whether `receive` would not have to wait; if it would, `poll` will report it. */
  ready(): boolean {
    if (this.#kept !== null || this.#error !== 0) return true;
    if (this.#pending !== null) return false;
    const begun = this.#begin();
    if (begun < 0 && begun !== AGAIN) this.#error = -begun;
    return begun !== AGAIN;
  }

  /** Asks for the receive that is under way to end. */
  cancel(): void {
    if (this.#pending !== null) this.socket.cancel(this.#pending);
  }

  /** The socket is closed: what has come is thrown away. */
  discard(): void {
    if (this.#kept !== null) this.socket.arena.give(this.#kept);
    this.#kept = null;
  }

  /** See {@linkcode Beginner}. */
  completed(operation: Operation): number {
    this.#pending = null;
    this.#settle(operation);
    return POLL_READ;
  }

  #begin(): number {
    const socket = this.socket;
    const operation = socket.prepare(this, LARGE, 0);
    if (typeof operation === "number") return operation;
    const { buffer, flags, room, length, overlapped } = operation;
    buffer[WSABUF.length] = operation.data.length;
    length[0] = room.length;
    const { ws2, errno } = socket.winsock;
    const { WSARecvFrom } = ws2;
    const failure =
      WSARecvFrom(socket.fd, buffer, 1, null, flags, room, length, overlapped, null) === 0
        ? 0
        : errno();
    const begun = socket.begun(failure);
    if (begun === AGAIN) this.#pending = operation;
    else if (begun < 0) socket.arena.give(operation);
    else this.#settle(operation);
    return begun;
  }

  #settle(operation: Operation): void {
    const { errno } = operation;
    if (errno === 0 && !this.socket.closed) {
      this.#kept = operation;
      return;
    }
    if (errno !== 0 && errno !== ECANCELED) this.#error = errno;
    this.socket.arena.give(operation);
  }

  #collect(kept: Operation, buffer: Uint8Array, length: number, from: Name | null): number {
    const { bytes } = kept;
    buffer.set(kept.data.subarray(0, Math.min(bytes, length)));
    if (from !== null) {
      from.bytes.set(kept.room.subarray(0, from.bytes.length));
      from.length = kept.length[0];
    }
    this.discard();
    return bytes;
  }
}
