// SPDX-License-Identifier: MIT
/** Memory for one message with what it carries beside its bytes, which a thread's sockets share. */
import { platform } from "../../../platforms/platform.ts";
import type { Messages } from "../../../platforms/contract/packets.ts";
import { registerState } from "../../sched/thread_state.ts";

/** The longest datagram of UDP, and then some. */
const SIZE = 64 * 1024;
/** Descriptors that the kernel passes in one message at most. unix(7), SCM_MAX_FD. */
export const MOST_FDS = 253;

let scratch: Messages | null = null;

registerState<Messages | null>("scratch messages", {
  fresh: () => null,
  save: () => scratch,
  restore: (state) => scratch = state,
});

/**
 * Memory for one message of `length` bytes: to be used within one system call, and what that left
 * there to be copied before anything else runs.
 */
export function scratchMessage(length: number): Messages {
  if (scratch === null || scratch.size < length) {
    // By powers of two, so that sizes that grow do not each take new memory.
    const size = 2 ** Math.ceil(Math.log2(Math.max(length, SIZE)));
    scratch = platform().packets.messages({ count: 1, size, fds: MOST_FDS });
  }
  return scratch;
}
