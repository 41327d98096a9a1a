// SPDX-License-Identifier: MIT
/** The descriptor that the host's loop waits for, on a system with POSIX's sockets. */
import type { SocketCalls, WatchedDescriptor } from "../contract/platform.ts";

/** Returns `fd` as something to be watched; `libraryPath` is the C library's. */
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

/** Opens `count` descriptors and closes them again: no system tells how many are left. */
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
