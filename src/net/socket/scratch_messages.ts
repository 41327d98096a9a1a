// SPDX-License-Identifier: MIT
/** Memory for one message with ancillary data, shared by the thread's sockets. */
import { platform } from "../../../platforms/platform.ts";
import type { Messages } from "../../../platforms/contract/packets.ts";
import { registerState } from "../../sched/thread_state.ts";

/** At least the longest UDP datagram. */
const SIZE = 64 * 1024;
/** Maximum number of descriptors in one message. unix(7), SCM_MAX_FD. */
export const MOST_FDS = 253;

let scratch: Messages | null = null;

registerState<Messages | null>("scratch messages", {
  fresh: () => null,
  save: () => scratch,
  restore: (state) => scratch = state,
});

/**
 * Returns memory for one message of `length` bytes, for one system call: copy its results before
 * anything else runs.
 */
export function scratchMessage(length: number): Messages {
  if (scratch === null || scratch.size < length) {
    // Round up to powers of two, so that growing sizes do not allocate each time.
    const size = 2 ** Math.ceil(Math.log2(Math.max(length, SIZE)));
    scratch = platform().packets.messages({ count: 1, size, fds: MOST_FDS });
  }
  return scratch;
}
