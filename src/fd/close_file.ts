// SPDX-License-Identifier: MIT
/** Closing a descriptor that the runtime's own file calls may have opened. */
import { platform } from "../../platforms/platform.ts";

/** The system's close(2): 0 or more, or minus an errno. */
interface Closing {
  close(fd: number): number;
}

/**
 * Closes `fd`, which the library did not open. Deno's `node:fs` keeps a table of the descriptors
 * that it opened; a number that is closed behind its back would be closed once more when `node:fs`
 * gets it again. close(2).
 *
 * @param calls closes what `node:fs` did not open
 * @returns 0 or more, or minus an errno
 */
export function closeFile(fd: number, calls: Closing): number {
  const { os, runtime } = platform();
  // On Windows a descriptor of the library is a handle, and one of `node:fs` is not.
  return os !== "windows" && runtime.closeFile(fd) ? 0 : calls.close(fd);
}
