// SPDX-License-Identifier: MIT
/** Threads of Linux. */
import { pid } from "../contract/host.ts";
import type { ThreadCalls } from "../contract/platform.ts";
import type { Libc } from "./libc.ts";

/** Signal 0 is not delivered: the kernel only reports whether it could be. tgkill(2). */
const NO_SIGNAL = 0;

/** Undefined if the C library is older than both calls. */
export function threadCalls(libc: Libc): ThreadCalls | undefined {
  const { gettid, tgkill } = libc.symbols;
  if (gettid === null || tgkill === null) return undefined;
  return {
    current: () => gettid(),
    // The thread ID may have been reused by another process, so the process is named as well.
    alive: (thread) => tgkill(pid, thread, NO_SIGNAL) === 0,
  };
}
