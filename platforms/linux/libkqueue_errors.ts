// SPDX-License-Identifier: MIT
/**
 * Errors of sockets that libkqueue took. Where epoll tells of an error, it reads SO_ERROR to fill
 * `fflags`, and reading clears it: the next call on the socket would not see it any more. A kqueue
 * leaves it, so what was taken is kept here, and the socket calls are given it back.
 */
import type { SocketCalls } from "../types.ts";

const EPIPE = 32;

/** By descriptor. */
export class SocketErrors {
  readonly #taken = new Map<number, number>();

  /** An event said that `fd` has failed with `errno`. */
  keep(fd: number, errno: number): void {
    this.#taken.set(fd, errno);
  }

  /** The number is of no socket of ours any more. */
  forget(fd: number): void {
    this.#taken.delete(fd);
  }

  /** What was taken from `fd`, or 0; from now on it is given back. */
  take(fd: number): number {
    const errno = this.#taken.get(fd) ?? 0;
    if (errno !== 0) this.#taken.delete(fd);
    return errno;
  }

  /** What was taken from `fd`, or 0. */
  look(fd: number): number {
    return this.#taken.get(fd) ?? 0;
  }
}

/** `sockets`, whose calls find the errors that were taken. */
export function givenBack(
  sockets: SocketCalls,
  errors: SocketErrors,
  EAGAIN: number,
): SocketCalls {
  const calls = Object.create(sockets) as SocketCalls;
  const bound = (name: keyof SocketCalls) =>
    (sockets[name] as (...args: unknown[]) => unknown).bind(sockets);
  for (const name of methods(sockets)) Object.assign(calls, { [name]: bound(name) });
  return Object.assign(
    calls,
    {
      recv(fd: number, buffer: Uint8Array, length: number): number {
        const n = sockets.recv(fd, buffer, length);
        // EPIPE: the peer reset what it had ended before, and a read goes on to see the end.
        if ((n !== 0 && n !== -EAGAIN) || errors.look(fd) === EPIPE) return n;
        return -errors.take(fd) || n;
      },
      send(fd: number, buffer: Uint8Array, length: number): number {
        const n = sockets.send(fd, buffer, length);
        return n < 0 ? -errors.take(fd) || n : n;
      },
      getOption(fd, option) {
        const value = sockets.getOption(fd, option);
        return option === "SO_ERROR" && value === 0 ? errors.take(fd) : value;
      },
      close(fd: number): number {
        errors.forget(fd);
        return sockets.close(fd);
      },
    } satisfies Partial<SocketCalls>,
  );
}

function methods(sockets: SocketCalls): (keyof SocketCalls)[] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(sockets));
  return names.filter((name) => name !== "constructor") as (keyof SocketCalls)[];
}
