// SPDX-License-Identifier: MIT
/** What a failed write on a connection means. */
import type { BsdSystem } from "./system.ts";

/**
 * Minus the errno that a call which writes to a connection is to give. macOS answers EPROTOTYPE on a
 * connection that the peer is taking down. It is not tried again: with some VPNs' filters that error
 * stays for ever. libuv#3413
 */
export function sendError(system: BsdSystem, errno: number): number {
  return errno === system.constants.EPROTOTYPE ? -system.errno.ECONNRESET : -errno;
}
