// SPDX-License-Identifier: MIT
/**
 * kqueue without a policy: any descriptor, any trigger, and no implicit registrations. epoll has
 * one registration per descriptor, kqueue one filter per direction; this adapter combines them:
 * EEXIST and ENOENT, one event per descriptor and wait, and "oneshot" for both.
 */
import { EEXIST, EINVAL, ENOENT, EPIPE } from "./constants.ts";
import {
  type ErrnoText,
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
  type RawPoller,
  type RawSink,
  type Trigger,
} from "../contract/platform.ts";
import {
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_EOF,
  EV_ONESHOT,
  EVFILT_READ,
  EVFILT_WRITE,
  FFLAGS,
  filterOf,
  flagsOf,
  IDENT,
  type KeventLayout,
  UDATA,
} from "./kevent.ts";
import { Kqueue, type KqueueCalls } from "./kqueue.ts";

/** Flags that a registration's filters are added with. */
const FLAGS: Readonly<Record<Trigger, number>> = {
  level: EV_ADD,
  edge: EV_ADD | EV_CLEAR,
  oneshot: EV_ADD | EV_ONESHOT,
};

/** See {@linkcode RawPoller}. */
export class KqueueRawPoller implements RawPoller {
  readonly waitDescriptor: number;
  readonly breakDescriptor: number;
  readonly waitName = "kevent";
  readonly controlName = "kevent";
  readonly #kqueue: Kqueue;
  /** Trigger of each registered descriptor. */
  readonly #registered = new Map<number, Trigger>();
  /** Mode bits by descriptor, while the events of a wait are combined. */
  readonly #modes: number[] = [];

  constructor(calls: KqueueCalls, layout: KeventLayout, errnoText: (errno: number) => ErrnoText) {
    this.#kqueue = new Kqueue(calls, layout, errnoText);
    this.waitDescriptor = this.#kqueue.waitDescriptor;
    this.breakDescriptor = this.#kqueue.descriptor;
  }

  add(fd: number, mode: number, trigger: Trigger, tag: number): number {
    if (this.#kqueue.owns(fd)) return -EINVAL;
    if (this.#registered.has(fd)) return -EEXIST;
    return this.#register(fd, mode, trigger, tag);
  }

  /** An existing filter keeps its trigger, so it is removed and added again. */
  modify(fd: number, mode: number, trigger: Trigger, tag: number): number {
    const removed = this.remove(fd);
    return removed < 0 ? removed : this.#register(fd, mode, trigger, tag);
  }

  /**
   * Returns ENOENT for a descriptor that `add` has not registered; its filters may have gone
   * already.
   */
  remove(fd: number): number {
    const kqueue = this.#kqueue;
    if (kqueue.owns(fd)) return -EINVAL;
    if (!this.#registered.delete(fd)) return -ENOENT;
    kqueue.change(fd, EVFILT_READ, EV_DELETE, 0, 0);
    kqueue.change(fd, EVFILT_WRITE, EV_DELETE, 0, 0);
    return kqueue.apply();
  }

  wait(delay: number, sink: RawSink): number {
    const kqueue = this.#kqueue;
    const { events } = kqueue;
    const { words, EVFILT_USER } = kqueue.layout;
    const end = kqueue.wait(delay) * words;
    for (let at = 0; at < end; at += words) {
      const filter = filterOf(events, at);
      if (filter === EVFILT_USER) continue;
      const mode = rawModeOf(filter, flagsOf(events, at), events[at + FFLAGS]);
      this.#modes[events[at + IDENT]] = (this.#modes[events[at + IDENT]] ?? 0) | mode;
    }
    let count = 0;
    for (let at = 0; at < end; at += words, count++) {
      const fd = events[at + IDENT];
      const mode = this.#modes[fd];
      if (filterOf(events, at) === EVFILT_USER || !mode) continue;
      this.#modes[fd] = 0;
      if (this.#registered.get(fd) === "oneshot") this.#disarm(fd);
      sink(fd, events[at + UDATA + 1], mode);
    }
    return end < 0 ? end / words : count;
  }

  break(): void {
    this.#kqueue.break();
  }

  dispose(): void {
    this.#kqueue.dispose();
  }

  #register(fd: number, mode: number, trigger: Trigger, tag: number): number {
    const kqueue = this.#kqueue;
    let filters = 0;
    for (const [bit, filter] of [[POLL_READ, EVFILT_READ], [POLL_WRITE, EVFILT_WRITE]]) {
      if (!(mode & bit)) continue;
      kqueue.change(fd, filter, FLAGS[trigger], fd, tag);
      filters++;
    }
    const done = filters > 0 ? kqueue.apply() : 0;
    if (done < 0) return done;
    this.#registered.set(fd, trigger);
    for (let i = 0; i < filters; i++) {
      const errno = kqueue.receipt(i);
      // A pipe without a reader: nothing to wait for, a write fails at once. mio#582.
      if (errno === 0 || errno === EPIPE) continue;
      this.remove(fd);
      return -errno;
    }
    return 0;
  }

  /** EV_ONESHOT removes the filter that has fired; this removes the other one. */
  #disarm(fd: number): void {
    this.#kqueue.change(fd, EVFILT_READ, EV_DELETE, 0, 0);
    this.#kqueue.change(fd, EVFILT_WRITE, EV_DELETE, 0, 0);
    this.#kqueue.apply();
  }
}

/**
 * Mode bits as the kernel reports them: EV_EOF belongs to the filter's direction, its errno is in
 * `fflags`.
 */
function rawModeOf(filter: number, flags: number, fflags: number): number {
  let mode = filter === EVFILT_READ ? POLL_READ : POLL_WRITE;
  if (flags & EV_EOF) mode |= POLL_HANGUP;
  if (fflags !== 0) mode |= POLL_ERROR;
  return mode;
}
