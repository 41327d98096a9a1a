// SPDX-License-Identifier: MIT
/**
 * The epoll adapter. Follows Go's runtime/netpoll_epoll.go: each descriptor is added once, for
 * input, output and the peer's hang-up, edge-triggered, and never modified; an eventfd in the same
 * epoll breaks a wait.
 */
import {
  PlatformError,
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type Poller,
  type PollSink,
} from "../types.ts";
import * as C from "./constants.ts";
import { ERRNO, errnoText } from "./errno.ts";
import type { Libc } from "./libc.ts";
import type { EpollEventLayout } from "./structs.ts";

/** Events taken by one wait; the kernel keeps the rest for the next, in order. */
const MAX_EVENTS = 512;
/** Slot of the poller's own eventfd. */
const BREAK_SLOT = -1;
/** Longest wait handed to the kernel, some eleven days; the scheduler then waits again. */
const MAX_DELAY_NS = 1e15;

/** One epoll instance, for one thread. */
export class EpollPoller implements Poller {
  readonly waitDescriptor: number;
  readonly breakDescriptor: number;
  readonly #libc: Libc;
  readonly #layout: EpollEventLayout;
  /** Written by the kernel during epoll_wait; owned here for the poller's life. */
  readonly #events: Int32Array;
  readonly #event: Int32Array;
  readonly #timespec = new Int32Array(new ArrayBuffer(16));
  readonly #counter = new Int32Array(new ArrayBuffer(8));
  #fineWait: Libc["symbols"]["epoll_pwait2"];

  constructor(libc: Libc, layout: EpollEventLayout) {
    this.#libc = libc;
    this.#layout = layout;
    this.#events = new Int32Array(new ArrayBuffer(MAX_EVENTS * layout.words * 4));
    this.#event = new Int32Array(new ArrayBuffer(layout.words * 4));
    this.#fineWait = libc.symbols.epoll_pwait2;
    this.waitDescriptor = this.#own(libc.symbols.epoll_create1(C.EPOLL_CLOEXEC), "epoll_create1");
    try {
      const flags = C.EFD_CLOEXEC | C.EFD_NONBLOCK;
      this.breakDescriptor = this.#own(libc.symbols.eventfd(0, flags), "eventfd");
    } catch (error) {
      libc.symbols.close(this.waitDescriptor);
      throw error;
    }
    // Level-triggered: the counter is emptied by the wait that sees it.
    if (this.#add(this.breakDescriptor, C.EPOLLIN, BREAK_SLOT, 0) < 0) {
      const error = this.#failure("epoll_ctl");
      this.dispose();
      throw error;
    }
  }

  open(fd: number, slot: number, sequence: number): number {
    const interest = C.EPOLLIN | C.EPOLLOUT | C.EPOLLRDHUP | C.EPOLLET;
    return this.#add(fd, interest, slot, sequence) < 0 ? -this.#libc.errno() : 0;
  }

  close(fd: number): number {
    const done = this.#libc.symbols.epoll_ctl(
      this.waitDescriptor,
      C.EPOLL_CTL_DEL,
      fd,
      this.#event,
    );
    return done < 0 ? -this.#libc.errno() : 0;
  }

  poll(delay: number, sink: PollSink): number {
    const count = this.#wait(delay);
    const events = this.#events;
    const { words, events: eventsAt, data: dataAt } = this.#layout;
    for (let at = 0, end = count * words; at < end; at += words) {
      const slot = events[at + dataAt];
      if (slot === BREAK_SLOT) this.#drainBreak();
      else sink(slot, events[at + dataAt + 1], modeOf(events[at + eventsAt]));
    }
    return count;
  }

  break(): void {
    wakeEventfd(this.#libc, this.breakDescriptor);
  }

  isPollDescriptor(fd: number): boolean {
    return fd === this.waitDescriptor || fd === this.breakDescriptor;
  }

  dispose(): void {
    this.#libc.symbols.close(this.breakDescriptor);
    this.#libc.symbols.close(this.waitDescriptor);
  }

  #wait(delay: number): number {
    for (;;) {
      const count = this.#waitOnce(delay);
      if (count >= 0) return count;
      const errno = this.#libc.errno();
      if (errno === ERRNO.EINTR) {
        // An endless wait goes on; a timed one returns, for the scheduler to compute it anew.
        if (delay > 0) return 0;
      } else if (this.#fineWait && delay > 0) {
        // An old kernel (ENOSYS), or a sandbox that forbids the new call.
        this.#fineWait = null;
      } else {
        return -errno;
      }
    }
  }

  #waitOnce(delay: number): number {
    const { epoll_wait } = this.#libc.symbols;
    if (delay <= 0) {
      return epoll_wait(this.waitDescriptor, this.#events, MAX_EVENTS, delay < 0 ? -1 : 0);
    }
    const ns = Math.min(delay, MAX_DELAY_NS);
    if (this.#fineWait === null) {
      return epoll_wait(this.waitDescriptor, this.#events, MAX_EVENTS, Math.ceil(ns / 1e6));
    }
    const seconds = Math.floor(ns / 1e9);
    this.#timespec[0] = seconds;
    this.#timespec[2] = ns - seconds * 1e9;
    return this.#fineWait(this.waitDescriptor, this.#events, MAX_EVENTS, this.#timespec, null);
  }

  /** Adds `fd` with (slot, sequence) in its event; -1 with errno set on failure. */
  #add(fd: number, interest: number, slot: number, sequence: number): number {
    const event = this.#event;
    event[this.#layout.events] = interest;
    event[this.#layout.data] = slot;
    event[this.#layout.data + 1] = sequence;
    return this.#libc.symbols.epoll_ctl(this.waitDescriptor, C.EPOLL_CTL_ADD, fd, event);
  }

  #drainBreak(): void {
    this.#libc.symbols.read(this.breakDescriptor, this.#counter, 8);
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

/** Hang-up and error wake both directions, and the call that follows says which it was. */
function modeOf(events: number): number {
  let mode = 0;
  if (events & (C.EPOLLIN | C.EPOLLRDHUP | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_READ;
  if (events & (C.EPOLLOUT | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_WRITE;
  if (events & (C.EPOLLRDHUP | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_HANGUP;
  if (events === C.EPOLLERR) mode |= POLL_ERROR;
  return mode;
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
