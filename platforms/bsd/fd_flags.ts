// SPDX-License-Identifier: MIT
/**
 * Descriptor flags by ioctl(2). macOS has no call that sets them when it creates the descriptor,
 * and fcntl(2) would need a variadic integer, which Apple's arm64 passes in four bytes of the
 * stack; FIOCLEX needs no argument, FIONBIO a pointer. libuv: uv__nonblock_ioctl.
 */
import { F_GETFL, FIOCLEX, FIONBIO, O_NONBLOCK } from "./constants.ts";
import type { BsdLibc } from "./libc.ts";

const ON = new Int32Array(new ArrayBuffer(8));
ON[0] = 1;
const OFF = new Int32Array(new ArrayBuffer(8));

/** Sets close-on-exec. -1 with errno set on failure. */
export function closeOnExec(libc: BsdLibc, fd: number): number {
  return libc.ioctl(fd, FIOCLEX, ON);
}

/** Sets whether calls on `fd` return EAGAIN instead of blocking. -1 with errno set on failure. */
export function setNonBlocking(libc: BsdLibc, fd: number, on = true): number {
  return libc.ioctl(fd, FIONBIO, on ? ON : OFF);
}

/** Returns 1 if `fd` is non-blocking, 0 if it is blocking; -1 with errno set on failure. */
export function isNonBlocking(libc: BsdLibc, fd: number): number {
  const flags = libc.symbols.fcntl(fd, F_GETFL);
  return flags < 0 ? flags : flags & O_NONBLOCK ? 1 : 0;
}

/**
 * Whether the argument of a variadic function is passed correctly, tested by an ioctl on `fd` with
 * a visible effect: otherwise sockets would block the thread.
 */
export function variadicArrives(libc: BsdLibc, fd: number): boolean {
  return setNonBlocking(libc, fd) === 0 && isNonBlocking(libc, fd) === 1;
}
