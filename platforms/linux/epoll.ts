// SPDX-License-Identifier: MIT
/** An epoll instance and the eventfd in it that breaks a wait: what both pollers are made of. */
import { PlatformError } from "../contract/platform.ts";
import * as C from "./constants.ts";
import { ERRNO, errnoText } from "./errno.ts";
import type { Libc } from "./libc.ts";
import type { EpollEventLayout } from "./structs.ts";

/** Events taken by one wait; the kernel keeps the rest for the next, in order. */
const MAX_EVENTS = 512;
/** First word of the data of the instance's own eventfd; no slot and no descriptor is negative. */
export const BREAK = -1;
/** Longest wait passed to the kernel, some eleven days; a longer one is split. */
const MAX_DELAY_NS = 1e15;

/** One epoll instance, for one thread. */
export class Epoll {
  /** The epoll's own descriptor. */
  readonly descriptor: number;
  /** The eventfd. */
  readonly breakDescriptor: number;
  /** Written by the kernel during a wait; owned here for the instance's life. */
  readonly events: Int32Array;
  readonly layout: EpollEventLayout;
  readonly #libc: Libc;
  readonly #event: Int32Array;
  readonly #timespec = new Int32Array(new ArrayBuffer(16));
  readonly #counter = new Int32Array(new ArrayBuffer(8));
  #fineWait: Libc["symbols"]["epoll_pwait2"];

  constructor(libc: Libc, layout: EpollEventLayout) {
    this.#libc = libc;
    this.layout = layout;
    this.events = new Int32Array(new ArrayBuffer(MAX_EVENTS * layout.words * 4));
    this.#event = new Int32Array(new ArrayBuffer(layout.words * 4));
    this.#fineWait = libc.symbols.epoll_pwait2;
    this.descriptor = this.#own(libc.symbols.epoll_create1(C.EPOLL_CLOEXEC), "epoll_create1");
    try {
      const flags = C.EFD_CLOEXEC | C.EFD_NONBLOCK;
      this.breakDescriptor = this.#own(libc.symbols.eventfd(0, flags), "eventfd");
    } catch (error) {
      libc.symbols.close(this.descriptor);
      throw error;
    }
    // Level-triggered: the counter is emptied by the wait that sees it.
    if (this.control(C.EPOLL_CTL_ADD, this.breakDescriptor, C.EPOLLIN, BREAK, 0) < 0) {
      const error = this.#failure("epoll_ctl");
      this.dispose();
      throw error;
    }
  }

  /** epoll_ctl(2), with two words of data in the event. 0 or minus an errno. */
  control(operation: number, fd: number, interest: number, data0: number, data1: number): number {
    const event = this.#event;
    event[this.layout.events] = interest;
    event[this.layout.data] = data0;
    event[this.layout.data + 1] = data1;
    const done = this.#libc.symbols.epoll_ctl(this.descriptor, operation, fd, event);
    return done < 0 ? -this.#libc.errno() : 0;
  }

  /**
   * Waits as {@linkcode Poller.poll} does; what came is then in {@linkcode Epoll.events}. Gives how
   * many, or minus an errno.
   */
  wait(delay: number): number {
    for (;;) {
      const count = this.#waitOnce(delay);
      if (count >= 0) return count;
      const errno = this.#libc.errno();
      if (errno === ERRNO.EINTR) {
        // An endless wait goes on; a timed one returns, for its time to be computed anew.
        if (delay > 0) return 0;
      } else if (this.#fineWait && delay > 0) {
        // An old kernel (ENOSYS), or a sandbox that forbids the new call.
        this.#fineWait = null;
      } else {
        return -errno;
      }
    }
  }

  /** Empties the eventfd, whose event a wait has given. */
  drainBreak(): void {
    this.#libc.symbols.read(this.breakDescriptor, this.#counter, 8);
  }

  /** Makes the current or the next wait return. */
  break(): void {
    wakeEventfd(this.#libc, this.breakDescriptor);
  }

  /** Whether `fd` is one of the instance's own. */
  owns(fd: number): boolean {
    return fd === this.descriptor || fd === this.breakDescriptor;
  }

  /** Closes both. */
  dispose(): void {
    this.#libc.symbols.close(this.breakDescriptor);
    this.#libc.symbols.close(this.descriptor);
  }

  #waitOnce(delay: number): number {
    const { epoll_wait } = this.#libc.symbols;
    if (delay <= 0) {
      return epoll_wait(this.descriptor, this.events, MAX_EVENTS, delay < 0 ? -1 : 0);
    }
    const ns = Math.min(delay, MAX_DELAY_NS);
    if (this.#fineWait === null) {
      return epoll_wait(this.descriptor, this.events, MAX_EVENTS, Math.ceil(ns / 1e6));
    }
    const seconds = Math.floor(ns / 1e9);
    this.#timespec[0] = seconds;
    this.#timespec[2] = ns - seconds * 1e9;
    return this.#fineWait(this.descriptor, this.events, MAX_EVENTS, this.#timespec, null);
  }

  #own(fd: number, call: string): number {
    if (fd < 0) throw this.#failure(call);
    return fd;
  }

  #failure(call: string): PlatformError {
    const { name, text } = errnoText(this.#libc.errno());
    return new PlatformError(`Cannot open a poller: ${call}: ${text}`, name);
  }
}

const ONE = new Int32Array(new ArrayBuffer(8));
ONE[0] = 1;

/** Adds one to an eventfd; any thread may. A full counter (EAGAIN) wakes as well. */
export function wakeEventfd(libc: Libc, fd: number): number {
  for (;;) {
    if (libc.symbols.write(fd, ONE, 8) >= 0) return 0;
    const errno = libc.errno();
    if (errno === ERRNO.EAGAIN) return 0;
    if (errno !== ERRNO.EINTR) return -errno;
  }
}
