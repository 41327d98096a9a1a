// SPDX-License-Identifier: MIT
/**
 * Whether an operation that succeeds at once can skip its packet.
 *
 * A layered provider whose sockets are not system handles queues its packet nevertheless, or queues
 * it for another socket (golang issue 77448, and Microsoft's KB 2568167): then every operation must
 * wait for its packet.
 */
import * as C from "../abi/constants.ts";
import type { SocketHandle } from "./socket_handle.ts";
import { PROTOCOL_INFO } from "../abi/structs.ts";
import type { Winsock } from "../abi/winsock.ts";

const info = new Uint8Array(new ArrayBuffer(PROTOCOL_INFO.size));
const length = new Int32Array(new ArrayBuffer(4));
/** By family and type: all such sockets of this library have one provider. */
const known = new Map<string, boolean>();

/** Queries the socket's provider, once per family. */
export function skipsOnSuccess({ ws2 }: Winsock, socket: SocketHandle): boolean {
  const { fd, family } = socket;
  const kind = `${family} ${socket.constructor.name}`;
  let skips = known.get(kind);
  if (skips === undefined) {
    length[0] = info.length;
    const done = ws2.getsockopt(fd, C.SOL_SOCKET, C.SO_PROTOCOL_INFOW, info, length);
    const flags = new DataView(info.buffer).getUint32(PROTOCOL_INFO.flags, true);
    skips = done === 0 && (flags & C.XP1_IFS_HANDLES) !== 0;
    known.set(kind, skips);
  }
  return skips;
}
