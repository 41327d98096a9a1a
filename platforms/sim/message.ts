// SPDX-License-Identifier: MIT
/** A message, as sockets that keep messages apart send and receive it. */
import type { ControlInfo, ControlRequest } from "../contract/packets.ts";
import type { RawAddress } from "../contract/sockets.ts";

/** What was received. */
export interface ReceivedMessage {
  readonly data: Uint8Array;
  /** Its length, which may be more than what was received of it. */
  readonly whole: number;
  /** The sender's address; empty for none. */
  readonly from: RawAddress;
  readonly control: ControlInfo;
}

/** What is to be sent. */
export interface OutgoingMessage {
  readonly data: Uint8Array;
  /** The receiver; null for the socket's peer. */
  readonly to: RawAddress | null;
  readonly control: ControlRequest | null;
}

/** A socket that sends and receives messages. */
export interface MessageSocket {
  /** Receives up to `capacity` bytes of the next message, or minus an errno. */
  receiveMessage(capacity: number, fds: number): ReceivedMessage | number;
  /** Sends a message: its bytes that were taken, or minus an errno. */
  sendMessage(message: OutgoingMessage): number;
  /** The length of the next message, or minus an errno. */
  readonly nextLength: number;
}
