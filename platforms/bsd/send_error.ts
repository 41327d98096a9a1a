// SPDX-License-Identifier: MIT
/** Conversion of the errno of a failed write. */
import type { BsdSystem } from "./system.ts";

/**
 * Returns minus the errno of a call that writes to a connection. macOS returns EPROTOTYPE for a
 * connection that the peer is tearing down. It is not retried: with filters of some VPNs that error
 * persists for ever. libuv#3413
 */
export function sendError(system: BsdSystem, errno: number): number {
  return errno === system.constants.EPROTOTYPE ? -system.errno.ECONNRESET : -errno;
}
