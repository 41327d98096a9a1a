// SPDX-License-Identifier: MIT
/** An epoll instance with an eventfd that breaks a wait: the base of both pollers. */
import { PlatformError } from "../contract/platform.ts";
import * as C from "./constants.ts";
import { ERRNO, errnoText } from "./errno.ts";
import type { Libc } from "./libc.ts";
import type { EpollEventLayout } from "./structs.ts";

/** Maximum number of events per wait; the kernel keeps the rest for the next, in order. */
const MAX_EVENTS = 512;
/** First data word of the instance's own eventfd; slots and descriptors are never negative. */
export const BREAK = -1;
/** Longest wait passed to the kernel, about eleven days; a longer one is split. */
const MAX_DELAY_NS = 1e15;

/** An epoll instance, owned by one thread. */
export class Epoll {
  /** The epoll's own descriptor. */
  readonly descriptor: number;
  /** The eventfd. */
  readonly breakDescriptor: number;
  /** Written by the kernel during a wait; allocated for the instance's lifetime. */
  readonly events: Int32Array;
  readonly layout: EpollEventLayout;
  readonly #libc: Libc;
  readonly #event: Int32Array;
  readonly #timespec = new Int32Array(new ArrayBuffer(16));
  readonly #counter = new Int32Array(new ArrayBuffer(8));
  #fineWait: Libc["symbols"]["epoll_pwait2"];

  /** The eventfd is added with the data words `first`, which is negative, and `second`. */
  constructor(libc: Libc, layout: EpollEventLayout, first = BREAK, second = 0) {
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
    // Level-triggered: the wait that reports it resets the counter.
    if (this.control(C.EPOLL_CTL_ADD, this.breakDescriptor, C.EPOLLIN, first, second) < 0) {
      const error = this.#failure("epoll_ctl");
      this.dispose();
      throw error;
    }
  }

  /** epoll_ctl(2) with two data words in the event. 0 or minus an errno. */
  control(operation: number, fd: number, interest: number, data0: number, data1: number): number {
    const event = this.#event;
    event[this.layout.events] = interest;
    event[this.layout.data] = data0;
    event[this.layout.data + 1] = data1;
    const done = this.#libc.symbols.epoll_ctl(this.descriptor, operation, fd, event);
    return done < 0 ? -this.#libc.errno() : 0;
  }

  /**
   * Waits as {@linkcode Poller.poll} does; the events are then in {@linkcode Epoll.events}. Returns
   * their number, or minus an errno.
   */
  wait(delay: number): number {
    for (;;) {
      const count = this.#waitOnce(delay);
      if (count >= 0) return count;
      const errno = this.#libc.errno();
      if (errno === ERRNO.EINTR) {
        // After a signal, an unlimited wait continues; a timed one returns, so that its timeout is
        // recomputed.
        if (delay > 0) return 0;
      } else if (this.#fineWait && delay > 0) {
        // An old kernel (ENOSYS), or a sandbox that forbids the new call.
        this.#fineWait = null;
      } else {
        return -errno;
      }
    }
  }

  /** Resets the eventfd after a wait has reported it. */
  drainBreak(): void {
    this.#libc.symbols.read(this.breakDescriptor, this.#counter, 8);
  }

  /** Makes the current or next wait return. */
  break(): void {
    wakeEventfd(this.#libc, this.breakDescriptor);
  }

  /** Whether `fd` belongs to the instance. */
  owns(fd: number): boolean {
    return fd === this.descriptor || fd === this.breakDescriptor;
  }

  /** Closes both descriptors. */
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

/** Increments an eventfd, from any thread. If its counter is full (EAGAIN), it wakes as well. */
export function wakeEventfd(libc: Libc, fd: number): number {
  for (;;) {
    if (libc.symbols.write(fd, ONE, 8) >= 0) return 0;
    const errno = libc.errno();
    if (errno === ERRNO.EAGAIN) return 0;
    if (errno !== ERRNO.EINTR) return -errno;
  }
}
