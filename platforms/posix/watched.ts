// SPDX-License-Identifier: MIT
/** The descriptor that the host's loop waits for, on systems with POSIX sockets. */
import type { SocketCalls, WatchedDescriptor } from "../contract/platform.ts";

/** Wraps `fd` for watching; `libraryPath` is the C library's. */
export function watchedDescriptor(
  fd: number,
  libraryPath: string,
  sockets: SocketCalls,
): WatchedDescriptor {
  return {
    fd,
    libraryPath,
    isReadable: () => sockets.ready(fd, "read") !== 0,
    canOpen: (count) => canOpen(sockets, count),
  };
}

/**
 * Whether `count` descriptors can be opened, found by opening and closing them: no system reports
 * how many are left.
 */
function canOpen(sockets: SocketCalls, count: number): boolean {
  const opened: number[] = [];
  for (let i = 0; i < count; i++) {
    const fd = sockets.spareDescriptor();
    if (fd < 0) break;
    opened.push(fd);
  }
  for (const fd of opened) sockets.close(fd);
  return opened.length === count;
}
