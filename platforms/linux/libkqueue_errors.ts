// SPDX-License-Identifier: MIT
/**
 * Errors of sockets that libkqueue took. Where epoll tells of an error, it reads SO_ERROR to fill
 * `fflags`, and reading clears it: the next call on the socket would not see it any more. A kqueue
 * leaves it, so what was taken is kept here, and the socket calls are given it back.
 */
import type { IntOption } from "../types.ts";
import { ERRNO } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { LinuxSockets } from "./socket.ts";

const EPIPE = 32;

/** What was taken, by descriptor. */
export type TakenErrors = Map<number, number>;

/** Linux's sockets, whose calls find the errors that were taken. */
export class SocketsOverLibkqueue extends LinuxSockets {
  readonly #taken: TakenErrors;

  constructor(libc: Libc, taken: TakenErrors) {
    super(libc);
    this.#taken = taken;
  }

  override recv(fd: number, buffer: Uint8Array, length: number): number {
    const n = super.recv(fd, buffer, length);
    if (n !== 0 && n !== -ERRNO.EAGAIN) return n;
    // EPIPE: the peer reset what it had ended before, and a read goes on to see the end.
    return this.#taken.get(fd) === EPIPE ? n : this.#giveBack(fd, n);
  }

  override send(fd: number, buffer: Uint8Array, length: number): number {
    const n = super.send(fd, buffer, length);
    return n < 0 ? this.#giveBack(fd, n) : n;
  }

  override getOption(fd: number, option: IntOption): number {
    const value = super.getOption(fd, option);
    return option === "SO_ERROR" && value === 0 ? -this.#giveBack(fd, 0) : value;
  }

  override close(fd: number): number {
    this.#taken.delete(fd);
    return super.close(fd);
  }

  /** Minus the errno that was taken from `fd`, or else `result`. */
  #giveBack(fd: number, result: number): number {
    const errno = this.#taken.get(fd);
    if (errno === undefined) return result;
    this.#taken.delete(fd);
    return -errno;
  }
}
