// SPDX-License-Identifier: MIT
/**
 * WSAMSG: a datagram, its address and its control messages, for WSARecvMsg and WSASendMsg. It is in
 * the room of an operation's slot, together with all that it points to.
 */
import type { ControlInfo, ControlRequest } from "../../contract/packets.ts";
import type { Operation } from "../iocp/overlapped_arena.ts";
import { readControl, writeControl } from "./control.ts";
import { WSAMSG } from "../abi/structs.ts";

/** @internal exported for tests */
export const NAME_SIZE = 32;
/** Offsets of the structure and the control messages in the room; the address is at its start. */
const MESSAGE_AT = NAME_SIZE;
const CONTROL_AT = MESSAGE_AT + WSAMSG.size;
const WORD = 2 ** 32;

/** Returns the structure prepared for receiving. */
export function incoming(operation: Operation): Uint8Array {
  return message(operation, NAME_SIZE, operation.room.length - CONTROL_AT);
}

/** Returns the structure prepared for sending to the address in the room, of `nameLength` bytes. */
export function outgoing(
  operation: Operation,
  nameLength: number,
  request: ControlRequest,
): Uint8Array {
  const length = writeControl(operation.room.subarray(CONTROL_AT), request);
  return message(operation, nameLength, length);
}

/** Returns the length of the sender's address. */
export function receivedName({ room }: Operation): number {
  return viewOf(room).getInt32(MESSAGE_AT + WSAMSG.nameLength, true);
}

/** Returns the received ancillary data. */
export function receivedControl({ room }: Operation): ControlInfo {
  const length = viewOf(room).getUint32(MESSAGE_AT + WSAMSG.controlLength, true);
  return readControl(room.subarray(CONTROL_AT, CONTROL_AT + length));
}

function message(operation: Operation, nameLength: number, controlLength: number): Uint8Array {
  const { room, address } = operation;
  room.fill(0, MESSAGE_AT, CONTROL_AT);
  const view = viewOf(room);
  const pointer = (at: number, to: number) => {
    view.setUint32(MESSAGE_AT + at, to % WORD, true);
    view.setUint32(MESSAGE_AT + at + 4, Math.floor(to / WORD), true);
  };
  if (nameLength > 0) pointer(WSAMSG.name, address.room);
  view.setInt32(MESSAGE_AT + WSAMSG.nameLength, nameLength, true);
  pointer(WSAMSG.buffers, address.buffer);
  view.setUint32(MESSAGE_AT + WSAMSG.bufferCount, 1, true);
  view.setUint32(MESSAGE_AT + WSAMSG.controlLength, controlLength, true);
  if (controlLength > 0) pointer(WSAMSG.control, address.room + CONTROL_AT);
  return room.subarray(MESSAGE_AT, CONTROL_AT);
}

function viewOf(room: Uint8Array): DataView {
  return new DataView(room.buffer, room.byteOffset, room.byteLength);
}
