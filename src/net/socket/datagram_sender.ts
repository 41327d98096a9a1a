// SPDX-License-Identifier: MIT
/** How a socket sends datagrams, if not each by a system call of its own. */
import type { RawAddress } from "../../../platforms/contract/platform.ts";

/** Sends datagrams of one socket. */
export interface DatagramSender {
  /**
   * Sends the first `length` bytes of `p`, to the connected peer if `address` is null. Returns
   * `length`, or minus an errno.
   */
  send(p: Uint8Array, length: number, address: RawAddress | null): number;
}
