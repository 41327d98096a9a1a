// SPDX-License-Identifier: MIT
/** Deno's table of descriptors that `node:fs` opened. */
import { nodeModule } from "../contract/host.ts";

/** Last of Deno's standard streams, which `closeSync` drops from its table without closing. */
const LAST_STANDARD_FD = 2;

/**
 * Closes `fd` by `node:fs` if that opened it in this thread; returns whether it is closed.
 * `closeSync` throws EBADF for any other descriptor, and leaves it open.
 */
export function closeFile(fd: number): boolean {
  try {
    nodeModule("node:fs").closeSync(fd);
  } catch {
    return false;
  }
  return fd > LAST_STANDARD_FD;
}
