// SPDX-License-Identifier: MIT
/**
 * The kqueue adapter. Follows Go's runtime/netpoll_kqueue.go: both filters of a descriptor are
 * added once, with EV_CLEAR, and never modified; a user event in the same kqueue breaks a wait.
 *
 * EVFILT_TIMER is not used: the scheduler's own heap bounds each wait.
 */
import { EEXIST, EPIPE } from "./constants.ts";
import {
  type ErrnoText,
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type Poller,
  type PollSink,
} from "../contract/platform.ts";
import {
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_EOF,
  EV_ERROR,
  EVFILT_READ,
  EVFILT_WRITE,
  FFLAGS,
  filterOf,
  flagsOf,
  type KeventLayout,
  UDATA,
} from "./kevent.ts";
import { Kqueue, type KqueueCalls } from "./kqueue.ts";

/** The poller of a thread. */
export class KqueuePoller implements Poller {
  readonly edgePerArrival = true;
  readonly waitDescriptor: number;
  readonly breakDescriptor: number;
  readonly #kqueue: Kqueue;
  /**
   * Registered descriptors: a second EV_ADD would not fail, and would consume the first one's
   * events.
   */
  readonly #opened = new Set<number>();

  constructor(calls: KqueueCalls, layout: KeventLayout, errnoText: (errno: number) => ErrnoText) {
    this.#kqueue = new Kqueue(calls, layout, errnoText);
    this.waitDescriptor = this.#kqueue.waitDescriptor;
    this.breakDescriptor = this.#kqueue.descriptor;
  }

  open(fd: number, slot: number, sequence: number): number {
    const kqueue = this.#kqueue;
    if (this.#opened.has(fd)) return -EEXIST;
    const { NOTE_OOB } = kqueue.layout;
    kqueue.change(fd, EVFILT_READ, EV_ADD | EV_CLEAR, slot, sequence, NOTE_OOB);
    kqueue.change(fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, slot, sequence);
    const done = kqueue.apply();
    if (done < 0) return done;
    const read = kqueue.receipt(0);
    const write = kqueue.receipt(1);
    // A pipe without a reader: a write is still worth trying, and fails with the same error.
    // mio#582.
    if (read === 0 && (write === 0 || write === EPIPE)) {
      this.#opened.add(fd);
      return 0;
    }
    this.close(fd);
    return -(read || write);
  }

  close(fd: number): number {
    const kqueue = this.#kqueue;
    this.#opened.delete(fd);
    kqueue.change(fd, EVFILT_READ, EV_DELETE, 0, 0);
    kqueue.change(fd, EVFILT_WRITE, EV_DELETE, 0, 0);
    const done = kqueue.apply();
    return done < 0 ? done : 0 - kqueue.receipt(0);
  }

  poll(delay: number, sink: PollSink): number {
    const kqueue = this.#kqueue;
    const count = kqueue.wait(delay);
    const { events } = kqueue;
    const { words, EVFILT_USER, NOTE_OOB } = kqueue.layout;
    for (let at = 0, end = count * words; at < end; at += words) {
      const filter = filterOf(events, at);
      if (filter === EVFILT_USER) continue;
      const mode = modeOf(filter, flagsOf(events, at), events[at + FFLAGS], NOTE_OOB);
      sink(events[at + UDATA], events[at + UDATA + 1], mode);
    }
    return count;
  }

  break(): void {
    this.#kqueue.break();
  }

  isPollDescriptor(fd: number): boolean {
    return this.#kqueue.owns(fd);
  }

  dispose(): void {
    this.#kqueue.dispose();
  }
}

/**
 * Returns the mode bits of an event. EV_EOF on the read filter is the end of the peer's stream,
 * possibly with unread data; on the write filter it can also be this side's own shutdown, and only
 * an errno in `fflags` shows that the socket has failed, for example on a refused connect.
 *
 * Urgent data stops a read in front of it, so that a short read no longer means "drained". The
 * kernel then reports NOTE_OOB in place of EV_EOF, also if the peer has ended its stream: the
 * following reads find the end.
 *
 * @internal exported for tests
 */
export function modeOf(filter: number, flags: number, fflags: number, NOTE_OOB: number): number {
  const eof = (flags & EV_EOF) !== 0;
  let mode = 0;
  if (filter === EVFILT_READ) {
    // A pipe without a reader reports that on the read filter only. Go: netpoll_kqueue.go.
    mode = eof ? POLL_READ | POLL_WRITE | POLL_HANGUP : POLL_READ;
    if (!eof && fflags & NOTE_OOB) mode |= POLL_HANGUP;
  } else if (filter === EVFILT_WRITE) {
    mode = eof && fflags !== 0 ? POLL_READ | POLL_WRITE | POLL_HANGUP : POLL_WRITE;
  }
  if (flags === EV_ERROR) mode |= POLL_ERROR;
  return mode;
}
