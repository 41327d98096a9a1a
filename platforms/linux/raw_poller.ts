// SPDX-License-Identifier: MIT
/** epoll without a policy: any descriptor, any trigger, and no implicit registrations. */
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type RawPoller,
  type RawSink,
  type Trigger,
} from "../contract/platform.ts";
import * as C from "./constants.ts";
import { BREAK, Epoll } from "./epoll.ts";
import { ERRNO } from "./errno.ts";
import type { Libc } from "./libc.ts";
import type { EpollEventLayout } from "./structs.ts";

/** See {@linkcode RawPoller}. */
export class EpollRawPoller implements RawPoller {
  readonly waitDescriptor: number;
  readonly breakDescriptor: number;
  readonly waitName = "epoll_wait";
  readonly controlName = "epoll_ctl";
  readonly #epoll: Epoll;

  constructor(libc: Libc, layout: EpollEventLayout) {
    this.#epoll = new Epoll(libc, layout);
    this.waitDescriptor = this.#epoll.descriptor;
    this.breakDescriptor = this.#epoll.breakDescriptor;
  }

  add(fd: number, mode: number, trigger: Trigger, tag: number): number {
    return this.#control(C.EPOLL_CTL_ADD, fd, interestOf(mode, trigger), tag);
  }

  modify(fd: number, mode: number, trigger: Trigger, tag: number): number {
    return this.#control(C.EPOLL_CTL_MOD, fd, interestOf(mode, trigger), tag);
  }

  remove(fd: number): number {
    return this.#control(C.EPOLL_CTL_DEL, fd, 0, 0);
  }

  wait(delay: number, sink: RawSink): number {
    const epoll = this.#epoll;
    const count = epoll.wait(delay);
    const { events } = epoll;
    const { words, events: eventsAt, data: dataAt } = epoll.layout;
    for (let at = 0, end = count * words; at < end; at += words) {
      const fd = events[at + dataAt];
      if (fd === BREAK) epoll.drainBreak();
      else sink(fd, events[at + dataAt + 1], rawModeOf(events[at + eventsAt]));
    }
    return count;
  }

  break(): void {
    this.#epoll.break();
  }

  dispose(): void {
    this.#epoll.dispose();
  }

  /** Rejects the poller's own descriptors, which must not be registered. */
  #control(operation: number, fd: number, interest: number, tag: number): number {
    if (this.#epoll.owns(fd)) return -ERRNO.EINVAL;
    return this.#epoll.control(operation, fd, interest, fd, tag);
  }
}

function interestOf(mode: number, trigger: Trigger): number {
  let interest = 0;
  if (mode & POLL_READ) interest |= C.EPOLLIN | C.EPOLLRDHUP;
  if (mode & POLL_WRITE) interest |= C.EPOLLOUT;
  if (trigger === "edge") interest |= C.EPOLLET;
  if (trigger === "oneshot") interest |= C.EPOLLONESHOT;
  return interest;
}

/** Mode bits as the kernel reports them, except that a hang-up is always readable. */
function rawModeOf(events: number): number {
  let mode = 0;
  if (events & (C.EPOLLIN | C.EPOLLRDHUP | C.EPOLLHUP)) mode |= POLL_READ;
  if (events & C.EPOLLOUT) mode |= POLL_WRITE;
  if (events & (C.EPOLLRDHUP | C.EPOLLHUP)) mode |= POLL_HANGUP;
  if (events & C.EPOLLERR) mode |= POLL_ERROR;
  return mode;
}
