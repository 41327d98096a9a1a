// SPDX-License-Identifier: MIT
/**
 * Receiving half of a datagram socket: one WSARecvFrom, or WSARecvMsg if packet info is enabled,
 * into a slot large enough for any datagram, so that none is truncated before its reader is known.
 * The operation belongs to the socket: see receiver.ts.
 */
import { POLL_READ } from "../../contract/platform.ts";
import { LARGE, type Operation, type OverlappedOwner } from "../iocp/overlapped_arena.ts";
import { type ControlInfo, NO_CONTROL } from "../../contract/packets.ts";
import { ECANCELED } from "../abi/errno.ts";
import { AGAIN, type SocketHandle } from "../iocp/socket_handle.ts";
import { incoming, receivedControl, receivedName } from "./message.ts";
import { WSABUF } from "../abi/structs.ts";

/** Memory for a sender's address. */
export interface Name {
  readonly bytes: Uint8Array;
  /** Significant bytes. */
  length: number;
}

/** Replaces the length of an address. */
const IN_MESSAGE = -1;

/** See the top of this file. */
export class DatagramReceiver implements OverlappedOwner {
  readonly socket: SocketHandle;
  /** Ancillary data of the last received datagram. */
  control: ControlInfo = NO_CONTROL;
  /** Whether packet info is enabled. */
  #informed = false;
  #pending: Operation | null = null;
  /** A completed receive whose datagram has not been read yet. */
  #kept: Operation | null = null;
  #error = 0;

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /**
   * Receives one datagram; returns its full length, which may be larger, and stores its sender in
   * `from`.
   */
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

  /** Whether `receive` would not block; if it would, `poll` will report the change. */
  ready(): boolean {
    if (this.#kept !== null || this.#error !== 0) return true;
    if (this.#pending !== null) return false;
    const begun = this.#begin();
    if (begun < 0 && begun !== AGAIN) this.#error = -begun;
    return begun !== AGAIN;
  }

  /** Enables reporting of each datagram's destination and interface. */
  inform(on: boolean): void {
    this.#informed = on;
    // The pending receive has the old setting.
    this.cancel();
  }

  /** Cancels the pending receive. */
  cancel(): void {
    if (this.#pending !== null) this.socket.cancel(this.#pending);
  }

  /** Discards received data after the close. */
  discard(): void {
    if (this.#kept !== null) this.socket.arena.give(this.#kept);
    this.#kept = null;
  }

  /** See {@linkcode OverlappedOwner}. */
  completed(operation: Operation): number {
    this.#pending = null;
    this.#settle(operation);
    return POLL_READ;
  }

  #begin(): number {
    const socket = this.socket;
    const operation = socket.prepare(this, LARGE, 0);
    if (typeof operation === "number") return operation;
    operation.buffer[WSABUF.length] = operation.data.length;
    const { errno } = socket.winsock;
    const called = this.#informed ? this.#receiveMessage(operation) : this.#receiveFrom(operation);
    const begun = socket.begun(called === 0 ? 0 : errno());
    if (begun === AGAIN) this.#pending = operation;
    else if (begun < 0) socket.arena.give(operation);
    else this.#settle(operation);
    return begun;
  }

  #receiveFrom(operation: Operation): number {
    const { buffer, flags, room, length, overlapped } = operation;
    const { fd, winsock } = this.socket;
    const { WSARecvFrom } = winsock.ws2;
    length[0] = room.length;
    return WSARecvFrom(fd, buffer, 1, null, flags, room, length, overlapped, null);
  }

  /** Receives by WSARecvMsg: the address length is in the message, not in the slot. */
  #receiveMessage(operation: Operation): number {
    const { fd, winsock } = this.socket;
    const receive = winsock.extension("WSARecvMsg", fd);
    operation.length[0] = IN_MESSAGE;
    return receive(fd, incoming(operation), null, operation.overlapped, null);
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
    Uint8Array.prototype.set.call(buffer, kept.data.subarray(0, Math.min(bytes, length)));
    const informed = kept.length[0] === IN_MESSAGE;
    this.control = informed ? receivedControl(kept) : NO_CONTROL;
    if (from !== null) {
      from.length = informed ? receivedName(kept) : kept.length[0];
      from.bytes.set(kept.room.subarray(0, from.length));
    }
    this.discard();
    return bytes;
  }
}
