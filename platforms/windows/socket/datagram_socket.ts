// SPDX-License-Identifier: MIT
/** A datagram socket with its pending operations. */
import type { RawAddress } from "../../contract/platform.ts";
import { DatagramReceiver } from "./datagram_receiver.ts";
import { DatagramSender } from "./datagram_sender.ts";
import { SocketHandle } from "../iocp/socket_handle.ts";

/** See the top of this file. */
export class DatagramSocket extends SocketHandle {
  readonly receiver: DatagramReceiver = new DatagramReceiver(this);
  readonly sender: DatagramSender = new DatagramSender(this);

  override bound(): void {}

  /** Connects without sending, so it never waits. */
  override connect(address: RawAddress): number {
    const { ws2, errno } = this.winsock;
    return ws2.connect(this.fd, address, address.length) === 0 ? 0 : -errno();
  }

  override outcome(): number | null {
    return null;
  }

  override registered(): void {}

  override receive(buffer: Uint8Array, length: number): number {
    return this.receiver.receive(buffer, length, null);
  }

  override send(buffer: Uint8Array, length: number): number {
    return this.sender.send(buffer, length);
  }

  override ready(direction: "read" | "write"): boolean {
    return direction === "write" ? this.sender.ready() : this.receiver.ready();
  }

  override underWay(): number {
    return this.sender.underWay;
  }

  override received(): number {
    return 0;
  }

  override behindSends(action: () => number): number {
    return this.sender.behind(action);
  }

  override end(): void {
    this.receiver.cancel();
  }

  override cancelWaits(): void {
    this.receiver.cancel();
  }

  override discard(): void {
    this.closed = true;
    this.receiver.discard();
  }
}
