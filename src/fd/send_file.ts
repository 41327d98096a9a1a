// SPDX-License-Identifier: MIT
/** Sends a file from the page cache to a socket. Go: internal/poll/sendfile_linux.go. */
import { scheduler } from "../sched/thread.ts";
import { platform } from "../../platforms/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import { withBytesWritten } from "./errors.ts";
import { holding, whenWritable } from "./retry.ts";
import type { FD } from "./fd.ts";
import type { TransferProgress } from "./transfer_progress.ts";
import { WRITE_LOCK } from "./fd_mutex.ts";

/** Bytes per call: other goroutines may run between two calls. */
const MOST_AT_ONCE = 4 << 20;
/** Errors of files that can only be read: pipes, terminals, some file systems. */
const UNSUPPORTED = new Set([
  "EINVAL",
  "ENOSYS",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EOVERFLOW",
  "EPERM",
  "ESPIPE",
]);

/** Reports whether `errno` means that the kernel moves no bytes between these descriptors. */
export function isUnsupported(errno: number): boolean {
  return UNSUPPORTED.has(platform().errnoText(errno).name);
}

/** An open file. */
export interface OpenFile {
  /** Its descriptor, as `node:fs` has it. */
  readonly descriptor: number;
  /** Its path, if known. */
  readonly path: string | null;
}

/**
 * Sends up to `length` bytes of `file` from its byte `offset` on. Returns the number sent: fewer if
 * the file ends before. Null, with nothing done, if the kernel cannot do it with this file.
 * `progress` is new. An error carries `bytesWritten`. Parks.
 */
export function* sendFile(
  fd: FD,
  { descriptor, path }: OpenFile,
  offset: number,
  length: number,
  progress: TransferProgress,
  cancel?: Cancel,
): Routine<number | null> {
  const { transfers } = platform();
  const file = transfers.openFile?.(descriptor, path) ?? descriptor;
  if (file < 0) return null;
  const sending = holding(fd, WRITE_LOCK, "sendfile", function* () {
    while (progress.moved < length) {
      const most = Math.min(length - progress.moved, MOST_AT_ONCE);
      const n = yield* whenWritable(
        fd,
        "sendfile",
        () => transfers.sendFile(fd.sysfd, file, offset + progress.moved, most),
      );
      if (n === 0) break;
      if (n < 0) {
        if (progress.moved === 0 && isUnsupported(-n)) return null;
        throw fd.failedCall("sendfile", -n);
      }
      fd.wroteAt = scheduler.tick;
      progress.moved += n;
    }
    return progress.moved;
  });
  try {
    return yield* fd.cancellable("sendfile", sending, cancel);
  } catch (error) {
    throw withBytesWritten(error, progress.moved);
  } finally {
    transfers.closeFile?.(file);
  }
}
