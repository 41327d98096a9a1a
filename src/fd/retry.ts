// SPDX-License-Identifier: MIT
/**
 * Retry loops of calls on a descriptor: shared by the slower variants of read and
 * write (writev, sendfile, splice). Go: the loops of internal/poll/fd_unix.go.
 */
import { POLL_OK } from "../netpoll/poll_state.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import type { FD, FdOp } from "./fd.ts";
import type { Lock } from "./fd_mutex.ts";
import { addRead, addWritten } from "./byte_counts.ts";
import { counters, countRead, countWritten } from "./counters.ts";

/** Runs `body` under the read or write lock of `fd`. Parks until it holds the lock. */
export function* holding<T>(fd: FD, lock: Lock, op: FdOp, body: () => Routine<T>): Routine<T> {
  if (!fd.tryLock(lock) && !(yield* fd.lock(lock))) throw fd.closedError(op);
  try {
    return yield* body();
  } finally {
    fd.unlock(lock);
  }
}

/** Calls `attempt` until it has written; returns the number of bytes, or minus an errno. */
export function* whenWritable(fd: FD, op: FdOp, attempt: () => number): Routine<number> {
  const pd = fd.pd!;
  try {
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    for (;;) {
      if (pd.writeState !== POLL_OK) throw fd.stateError(op, pd.writeState);
      while (pd.wready) {
        const n = countWritten(attempt());
        addWritten(fd, n);
        if (n === fd.again) {
          pd.wready = false;
          counters.again++;
        } else if (n !== fd.interrupted) return n;
      }
      yield pd.parkWriter();
      pd.unparkWriter();
    }
  } finally {
    pd.unparkWriter();
  }
}

/** Calls `attempt` until it has read; returns the number of bytes, or minus an errno. */
export function* whenReadable(fd: FD, op: FdOp, attempt: () => number): Routine<number> {
  const pd = fd.pd!;
  try {
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    for (;;) {
      if (pd.readState !== POLL_OK) throw fd.stateError(op, pd.readState);
      while (pd.rready) {
        const n = countRead(attempt());
        addRead(fd, n);
        if (n === fd.again) {
          if (fd.readEnded) return 0;
          pd.rready = false;
          counters.again++;
        } else if (n !== fd.interrupted) return n;
      }
      yield pd.parkReader();
      pd.unparkReader();
    }
  } finally {
    pd.unparkReader();
  }
}
