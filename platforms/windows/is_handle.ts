// SPDX-License-Identifier: MIT
/** Whether a number stands for something open: a socket, or any other handle. */
import type { Winsock } from "./abi/winsock.ts";

const flags = new Uint32Array(new ArrayBuffer(4));

/** See the top of this file. */
export function isHandle({ kernel }: Winsock, fd: number): boolean {
  return kernel.GetHandleInformation(fd, flags) !== 0;
}
