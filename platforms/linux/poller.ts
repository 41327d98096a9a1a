// SPDX-License-Identifier: MIT
/**
 * The epoll adapter. Follows Go's runtime/netpoll_epoll.go: each descriptor is added once, for
 * input, urgent data, output and the peer's hang-up, edge-triggered, and never modified; an eventfd
 * in the same epoll breaks a wait.
 */
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type Poller,
  type PollSink,
} from "../contract/platform.ts";
import * as C from "./constants.ts";
import { Epoll } from "./epoll.ts";
import type { ProgramMark } from "./former_program.ts";
import type { Libc } from "./libc.ts";
import type { EpollEventLayout } from "./structs.ts";

/**
 * Maximum number of wake-up events per poll. A wait returns many more, but woken goroutines run
 * first, while the data that their events touched is still in the processor's cache. A goroutine is
 * thus runnable whenever events are left, so the thread does not block before it has handled them.
 */
const MOST_AT_ONCE = 32;

/** The poller of a thread. */
export class EpollPoller implements Poller {
  readonly edgePerArrival = true;
  readonly waitDescriptor: number;
  readonly breakDescriptor: number;
  readonly #epoll: Epoll;
  /** Range of events that a wait has returned and no poll has reported yet. */
  #at = 0;
  #end = 0;

  /** With a mark, a later program of the thread finds what this one leaves open. */
  constructor(libc: Libc, layout: EpollEventLayout, mark: ProgramMark | null) {
    this.#epoll = new Epoll(libc, layout, mark?.thread, mark?.program);
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
    const { events } = epoll;
    const { words, events: eventsAt, data: dataAt } = epoll.layout;
    if (this.#at === this.#end) {
      const count = epoll.wait(delay);
      if (count < 0) return count;
      this.#at = 0;
      this.#end = count * words;
    }
    const from = this.#at;
    for (let woken = 0; woken < MOST_AT_ONCE && this.#at < this.#end;) {
      const at = this.#at;
      this.#at += words;
      const slot = events[at + dataAt];
      if (slot < 0) epoll.drainBreak();
      else if (sink(slot, events[at + dataAt + 1], modeOf(events[at + eventsAt]))) woken++;
    }
    return (this.#at - from) / words;
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
 * Hang-up and error wake both directions; the following call determines which it was. Urgent data
 * stops a read in front of it, so that a short read no longer means "drained" either.
 */
function modeOf(events: number): number {
  let mode = 0;
  if (events & (C.EPOLLIN | C.EPOLLRDHUP | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_READ;
  if (events & (C.EPOLLOUT | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_WRITE;
  if (events & (C.EPOLLPRI | C.EPOLLRDHUP | C.EPOLLHUP | C.EPOLLERR)) mode |= POLL_HANGUP;
  if (events === C.EPOLLERR) mode |= POLL_ERROR;
  return mode;
}
