// SPDX-License-Identifier: MIT
/** Threads of Windows. */
import { pid } from "../../contract/host.ts";
import type { ThreadCalls } from "../../contract/platform.ts";
import * as C from "./constants.ts";
import type { Winsock } from "./winsock.ts";

/** See {@linkcode ThreadCalls}. */
export function threadCalls({ kernel }: Winsock): ThreadCalls {
  const code = new Uint32Array(new ArrayBuffer(4));
  return {
    current: () => kernel.GetCurrentThreadId(),
    alive(thread) {
      const handle = kernel.OpenThread(C.THREAD_QUERY_LIMITED_INFORMATION, 0, thread);
      if (handle === 0) return false;
      // The thread ID may have been reused by another process.
      const ours = kernel.GetProcessIdOfThread(handle) === pid;
      const known = kernel.GetExitCodeThread(handle, code) !== 0;
      kernel.CloseHandle(handle);
      return ours && known && code[0] === C.STILL_ACTIVE;
    },
  };
}
