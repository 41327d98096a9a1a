// SPDX-License-Identifier: MIT
/**
 * Socket errors that libkqueue consumed, for tests alone. Where epoll reports an error, it reads
 * SO_ERROR to fill `fflags`, and reading clears it: the next call on the socket would not see it any
 * more. A kqueue leaves it, so the error is kept here, and the C library's calls return it
 * where the kernel would have.
 */
import { readlinkSync } from "node:fs";
import { SOL_SOCKET } from "../../../platforms/linux/constants.ts";
import { ERRNO } from "../../../platforms/linux/errno.ts";
import type { Libc } from "../../../platforms/linux/libc.ts";

const SO_TYPE = 3;
const SO_ERROR = 4;
const SOCK_STREAM = 1;
const EPIPE = 32;

/** Calls whose first argument is a socket that they read from. */
const RECEIVING = ["recv", "recvfrom", "recvmmsg", "read"] as const;
/** Calls whose first argument is a socket that they write to. */
const SENDING = ["send", "sendto", "sendmsg", "sendmmsg", "sendfile", "write"] as const;

/** What the epoll behind a kqueue is called. */
const EPOLL = "anon_inode:[eventpoll]";

type Call = (fd: number, ...rest: never[]) => number;

/** What was taken, by descriptor. */
export class TakenErrors {
  readonly #libc: Libc;
  readonly #taken = new Map<number, { errno: number; stream: boolean }>();
  readonly #value = new Int32Array(new ArrayBuffer(8));
  #given = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** An event said that `fd` has failed with `errno`. */
  keep(fd: number, errno: number): void {
    const [value, length] = [this.#value.subarray(0, 1), this.#value.subarray(1)];
    length[0] = 4;
    // Of a descriptor that is no socket it consumes nothing, and reports EIO.
    if (this.#libc.symbols.getsockopt(fd, SOL_SOCKET, SO_TYPE, value, length) < 0) return;
    this.#taken.set(fd, { errno, stream: value[0] === SOCK_STREAM });
  }

  /** The C library, whose calls return the consumed errors. */
  libc(): Libc {
    const { symbols } = this.#libc;
    const calls: Record<string, unknown> = { ...symbols };
    for (const name of RECEIVING) calls[name] = this.#call(calls[name] as Call, this.#unread);
    for (const name of SENDING) calls[name] = this.#call(calls[name] as Call, this.#unsent);
    const getsockopt: typeof symbols.getsockopt = (fd, level, name, value, length) => {
      const done = symbols.getsockopt(fd, level, name, value, length);
      const [error] = value as Int32Array;
      if (done === 0 && level === SOL_SOCKET && name === SO_ERROR && error === 0) {
        (value as Int32Array)[0] = this.#take(fd);
      }
      return done;
    };
    const close: typeof symbols.close = (fd) => {
      this.#taken.delete(fd);
      return isEpoll(fd) ? 0 : symbols.close(fd);
    };
    return {
      ...this.#libc,
      symbols: { ...calls, getsockopt, close } as Libc["symbols"],
      errno: () => this.#errno(),
    };
  }

  /** A datagram socket tells its error before it does anything, a stream when nothing else is left. */
  #call(call: Call, left: (result: number, errno: number) => boolean): Call {
    return (fd, ...rest) => {
      const taken = this.#taken.get(fd);
      if (taken === undefined) return call(fd, ...rest);
      if (!taken.stream) return this.#giveBack(fd);
      const result = call(fd, ...rest);
      return left(result, taken.errno) ? this.#giveBack(fd) : result;
    };
  }

  /** EPIPE is of a peer that ended first, and then reset: a read goes on to see the end. */
  readonly #unread = (result: number, errno: number): boolean =>
    result === 0 ? errno !== EPIPE : result < 0 && this.#libc.errno() === ERRNO.EAGAIN;

  readonly #unsent = (result: number): boolean => result < 0;

  #giveBack(fd: number): -1 {
    this.#given = this.#take(fd);
    return -1;
  }

  #take(fd: number): number {
    const errno = this.#taken.get(fd)?.errno ?? 0;
    this.#taken.delete(fd);
    return errno;
  }

  #errno(): number {
    const errno = this.#given;
    this.#given = 0;
    return errno === 0 ? this.#libc.errno() : errno;
  }
}

/**
 * Whether `fd` is an epoll. The library closes its own after the kqueue that owns it: of a thread
 * that has died the kqueue is all that is to be closed by others, or the rest would be left.
 */
function isEpoll(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === EPOLL;
  } catch {
    return false;
  }
}
