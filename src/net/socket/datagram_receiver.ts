// SPDX-License-Identifier: MIT
/** How a socket receives datagrams: each by a system call of its own, or as read_ahead.ts. */
import { platform } from "../../../platforms/platform.ts";
import type { PacketCalls, SocketName } from "../../../platforms/contract/packets.ts";

/** Receives datagrams of one socket. Lengths and errors are those of {@linkcode PacketCalls}. */
export interface DatagramReceiver {
  /**
   * Receives into the first `length` bytes of `p`. Returns the datagram's own length, or minus an
   * errno.
   */
  receive(p: Uint8Array, length: number): number;
  /** As `receive`; the sender's address is then in `sender`. */
  receiveFrom(p: Uint8Array, length: number): number;
  /** Sender of what the last `receiveFrom` returned; valid until the next call. */
  readonly sender: SocketName;
}

/** Makes a system call for each datagram. */
export class SingleReceiver implements DatagramReceiver {
  readonly #sysfd: number;
  readonly #calls: PacketCalls = platform().packets;

  constructor(sysfd: number) {
    this.#sysfd = sysfd;
  }

  receive(p: Uint8Array, length: number): number {
    return this.#calls.receive(this.#sysfd, p, length);
  }

  receiveFrom(p: Uint8Array, length: number): number {
    return this.#calls.receiveFrom(this.#sysfd, p, length);
  }

  get sender(): SocketName {
    return this.#calls.sender;
  }
}
