// SPDX-License-Identifier: MIT
/**
 * Opens sockets that are non-blocking, close-on-exec and without SIGPIPE, in one call or in four.
 */
import { SOL_SOCKET } from "./constants.ts";
import { closeOnExec, setNonBlocking } from "./fd_flags.ts";
import type { BsdLibc } from "./libc.ts";
import type { BsdSystem } from "./system.ts";

const ON = new Int32Array(new ArrayBuffer(4));
ON[0] = 1;

/** Whether socket(2) accepts SOCK_NONBLOCK and SOCK_CLOEXEC. */
export function hasFlags(system: BsdSystem): boolean {
  return system.constants.SOCK_NONBLOCK !== 0;
}

/** Returns a socket, or minus an errno. */
export function openSocket(
  libc: BsdLibc,
  system: BsdSystem,
  domain: number,
  type: number,
): number {
  const { SOCK_NONBLOCK, SOCK_CLOEXEC } = system.constants;
  const fd = libc.symbols.socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? -libc.errno() : prepare(libc, system, fd);
}

/** Prepares a new descriptor, or closes it and returns minus an errno. */
export function prepare(libc: BsdLibc, system: BsdSystem, fd: number): number {
  if (hasFlags(system)) return fd;
  const failed = closeOnExec(libc, fd) < 0 || setNonBlocking(libc, fd) < 0 ||
    keepQuiet(libc, system, fd) < 0;
  if (!failed) return fd;
  const errno = libc.errno();
  libc.symbols.close(fd);
  return -errno;
}

/** Suppresses SIGPIPE for all calls on `fd`. -1 with errno set on failure. */
export function keepQuiet(libc: BsdLibc, system: BsdSystem, fd: number): number {
  const { SO_NOSIGPIPE } = system.constants;
  return libc.symbols.setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, ON, 4);
}
