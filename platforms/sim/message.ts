// SPDX-License-Identifier: MIT
/** Messages of sockets that preserve message boundaries. */
import type { ControlInfo, ControlRequest } from "../contract/packets.ts";
import type { RawAddress } from "../contract/sockets.ts";

/** A received message. */
export interface ReceivedMessage {
  readonly data: Uint8Array;
  /** Its full length, which may exceed the received part. */
  readonly whole: number;
  /** Sender's address; empty for none. */
  readonly from: RawAddress;
  readonly control: ControlInfo;
}

/** A message to send. */
export interface OutgoingMessage {
  readonly data: Uint8Array;
  /** Destination; null for the socket's peer. */
  readonly to: RawAddress | null;
  readonly control: ControlRequest | null;
}

/** A socket with message boundaries. */
export interface MessageSocket {
  /** Receives up to `capacity` bytes of the next message, or returns minus an errno. */
  receiveMessage(capacity: number, fds: number): ReceivedMessage | number;
  /** Sends a message; returns the number of bytes accepted, or minus an errno. */
  sendMessage(message: OutgoingMessage): number;
  /** Length of the next message, or minus an errno. */
  readonly nextLength: number;
}
