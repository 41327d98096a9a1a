// SPDX-License-Identifier: MIT
/** Unix sockets of a simulated host. */
import type { RawCredentials, UnixCalls } from "../contract/packets.ts";
import { EAFNOSUPPORT } from "./errno.ts";

/** See {@linkcode UnixCalls}. */
export class SimUnix implements UnixCalls {
  socket(): number {
    return -EAFNOSUPPORT;
  }

  credentials(): RawCredentials | number {
    return -EAFNOSUPPORT;
  }
}
