// SPDX-License-Identifier: MIT
/**
 * Sending half of a datagram socket: like that of a stream, but a datagram is sent whole or not at
 * all.
 */
import { viewOf } from "../../shared/view.ts";
import type { ControlRequest } from "../../contract/packets.ts";
import type { RawAddress } from "../../contract/platform.ts";
import type { Operation } from "../iocp/overlapped_arena.ts";
import { EDESTADDRREQ, EMSGSIZE, ERRNO } from "../abi/errno.ts";
import { outgoing } from "./message.ts";
import { Sender } from "./sender.ts";

/** See the top of this file. */
export class DatagramSender extends Sender {
  /** Ancillary data of the datagram to send. */
  #control: ControlRequest | null = null;

  /** Sends the first `length` bytes as one datagram to the connected peer. */
  override send(buffer: Uint8Array, length: number): number {
    return this.sendTo(buffer, length, null);
  }

  /** As `send`, to an address, with ancillary data. */
  sendTo(
    buffer: Uint8Array,
    length: number,
    address: RawAddress | null,
    control: ControlRequest | null = null,
  ): number {
    const operation = this.slot(length);
    if (typeof operation === "number") return operation;
    if (length > operation.data.length) {
      this.socket.arena.give(operation);
      return -EMSGSIZE;
    }
    operation.data.set(viewOf(buffer, 0, length));
    operation.length[0] = address?.length ?? 0;
    if (address !== null) operation.room.set(address);
    this.#control = control;
    const n = this.sendSlot(operation, length);
    return n === -ERRNO.ENOTCONN && address === null ? -EDESTADDRREQ : n;
  }

  protected override call(operation: Operation): number {
    const { buffer, room, length, overlapped } = operation;
    const { fd, winsock } = this.socket;
    const { WSASendMsg, WSASendTo } = winsock.ws2;
    if (this.#control !== null) {
      const message = outgoing(operation, length[0], this.#control);
      return WSASendMsg(fd, message, 0, null, overlapped, null);
    }
    if (length[0] === 0) return super.call(operation);
    return WSASendTo(fd, buffer, 1, null, 0, room, length[0], overlapped, null);
  }
}
