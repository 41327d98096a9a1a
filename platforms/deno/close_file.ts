// SPDX-License-Identifier: MIT
/** Deno's table of the descriptors that `node:fs` opened. */
import { nodeModule } from "../contract/host.ts";

/** Deno's standard streams, which `closeSync` forgets and does not close. */
const LAST_STANDARD_FD = 2;

/**
 * Closes `fd` by `node:fs` if that opened it, in this thread; returns whether it is closed.
 * `closeSync` throws EBADF for any other descriptor, and leaves it alone.
 */
export function closeFile(fd: number): boolean {
  try {
    nodeModule("node:fs").closeSync(fd);
  } catch {
    return false;
  }
  return fd > LAST_STANDARD_FD;
}
