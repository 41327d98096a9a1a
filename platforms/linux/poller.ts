// SPDX-License-Identifier: MIT
/**
 * The epoll adapter. Follows Go's runtime/netpoll_epoll.go: each descriptor is added once, for
 * input, urgent data, output and the peer's hang-up, edge-triggered, and never modified; an eventfd in the same
 * epoll breaks a wait.
 */
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type Poller,
  type PollSink,
} from "../types.ts";
import * as C from "./constants.ts";
import { BREAK, Epoll } from "./epoll.ts";
import type { Libc } from "./libc.ts";
import type { EpollEventLayout } from "./structs.ts";

/** The poller of a thread. */
export class EpollPoller implements Poller {
  readonly tellsArrivals = true;
  readonly waitDescriptor: number;
  readonly breakDescriptor: number;
  readonly #epoll: Epoll;

  constructor(libc: Libc, layout: EpollEventLayout) {
    this.#epoll = new Epoll(libc, layout);
    this.waitDescriptor = this.#epoll.descriptor;
    this.breakDescriptor = this.#epoll.breakDescriptor;
  }

  open(fd: number, slot: number, sequence: number): number {
    const interest = C.EPOLLIN | C.EPOLLPRI | C.EPOLLOUT | C.EPOLLRDHUP | C.EPOLLET;
    return this.#epoll.control(C.EPOLL_CTL_ADD, fd, interest, slot, sequence);
  }

  close(fd: number): number {
    return this.#epoll.control(C.EPOLL_CTL_DEL, fd, 0, 0, 0);
  }

  poll(delay: number, sink: PollSink): number {
    const epoll = this.#epoll;
    const count = epoll.wait(delay);
    const { events } = epoll;
    const { words, events: eventsAt, data: dataAt } = epoll.layout;
    for (let at = 0, end = count * words; at < end; at += words) {
      const slot = events[at + dataAt];
      if (slot === BREAK) epoll.drainBreak();
      else sink(slot, events[at + dataAt + 1], modeOf(events[at + eventsAt]));
    }
    return count;
  }

  break(): void {
    this.#epoll.break();
  }

  isPollDescriptor(fd: number): boolean {
    return this.#epoll.owns(fd);
  }

  dispose(): void {
    this.#epoll.dispose();
  }
}

/**
 * Hang-up and error wake both directions, and the call that follows says which it was. Urgent data
 * ends a read in front of it, so that a short one no longer means "drained" either.
 */
function modeOf(events: number): number {
  let mode = 0;
  if (events & (C.EPOLLIN | C.EPOLLRDHUP | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_READ;
  if (events & (C.EPOLLOUT | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_WRITE;
  if (events & (C.EPOLLPRI | C.EPOLLRDHUP | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_HANGUP;
  if (events === C.EPOLLERR) mode |= POLL_ERROR;
  return mode;
}
