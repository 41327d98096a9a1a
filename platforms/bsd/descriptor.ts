// SPDX-License-Identifier: MIT
/**
 * The flags of a descriptor, by ioctl(2). macOS has no call that sets them as it makes the
 * descriptor, and fcntl(2) would want a variadic integer, which Apple's arm64 passes in four bytes
 * of the stack; FIOCLEX wants no argument at all, FIONBIO a pointer. libuv: uv__nonblock_ioctl.
 */
import type { BsdLibc } from "./libc.ts";

/** `_IO('f', 1)` of <sys/filio.h>. */
const FIOCLEX = 0x20006601;
/** `_IOW('f', 126, int)` of <sys/filio.h>. */
const FIONBIO = 0x8004667e;
const F_GETFL = 3;
const O_NONBLOCK = 0x4;

const ON = new Int32Array(new ArrayBuffer(8));
ON[0] = 1;

/** Has `fd` closed by exec. -1 with errno set on failure. */
export function closeOnExec(libc: BsdLibc, fd: number): number {
  return libc.ioctl(fd, FIOCLEX, ON);
}

/** Has calls on `fd` answer EAGAIN instead of waiting. -1 with errno set on failure. */
export function setNonBlocking(libc: BsdLibc, fd: number): number {
  return libc.ioctl(fd, FIONBIO, ON);
}

/**
 * Whether the argument of a variadic function arrives, found out by an ioctl on `fd` whose effect
 * can be seen: had it gone astray, sockets would block the thread.
 */
export function variadicArrives(libc: BsdLibc, fd: number): boolean {
  return setNonBlocking(libc, fd) === 0 && (libc.symbols.fcntl(fd, F_GETFL) & O_NONBLOCK) !== 0;
}
