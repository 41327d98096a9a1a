// SPDX-License-Identifier: MIT
/** What Windows has of moving bytes within the kernel. */
import type { PipeEnds, TransferCalls } from "../types.ts";
import { EOPNOTSUPP } from "./errno.ts";
import { WindowsSendVector } from "./send_vector.ts";
import type { WindowsSockets } from "./socket.ts";

/** See {@linkcode TransferCalls}. */
export class WindowsTransfers implements TransferCalls {
  readonly vector: WindowsSendVector;

  constructor(sockets: WindowsSockets) {
    this.vector = new WindowsSendVector(sockets);
  }

  /** The number of a file, as `node:fs` has it, is the C library's and no handle of Windows. */
  sendFile(): number {
    return -EOPNOTSUPP;
  }

  splice(): number {
    return -EOPNOTSUPP;
  }

  pipe(): PipeEnds | number {
    return -EOPNOTSUPP;
  }
}
