// SPDX-License-Identifier: MIT
/**
 * The flags of a descriptor, by ioctl(2). macOS has no call that sets them as it makes the
 * descriptor, and fcntl(2) would want a variadic integer, which Apple's arm64 passes in four bytes
 * of the stack; FIOCLEX wants no argument at all, FIONBIO a pointer. libuv: uv__nonblock_ioctl.
 */
import { F_GETFL, FIOCLEX, FIONBIO, O_NONBLOCK } from "./constants.ts";
import type { BsdLibc } from "./libc.ts";

const ON = new Int32Array(new ArrayBuffer(8));
ON[0] = 1;
const OFF = new Int32Array(new ArrayBuffer(8));

/** Has `fd` closed by exec. -1 with errno set on failure. */
export function closeOnExec(libc: BsdLibc, fd: number): number {
  return libc.ioctl(fd, FIOCLEX, ON);
}

/** Has calls on `fd` answer EAGAIN instead of waiting, or wait. -1 with errno set on failure. */
export function setNonBlocking(libc: BsdLibc, fd: number, on = true): number {
  return libc.ioctl(fd, FIONBIO, on ? ON : OFF);
}

/** 1 if calls on `fd` do not wait, 0 if they do; -1 with errno set on failure. */
export function isNonBlocking(libc: BsdLibc, fd: number): number {
  const flags = libc.symbols.fcntl(fd, F_GETFL);
  return flags < 0 ? flags : flags & O_NONBLOCK ? 1 : 0;
}

/**
 * Whether the argument of a variadic function arrives, found out by an ioctl on `fd` whose effect
 * can be seen: had it gone astray, sockets would block the thread.
 */
export function variadicArrives(libc: BsdLibc, fd: number): boolean {
  return setNonBlocking(libc, fd) === 0 && isNonBlocking(libc, fd) === 1;
}
