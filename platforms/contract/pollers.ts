// SPDX-License-Identifier: MIT
/** The seam for pollers: the netpoll contract's own, and the raw one. */

/** Bits of an event, as passed to {@linkcode PollSink}. */
export const POLL_READ = 1;
/** A writer may go on. */
export const POLL_WRITE = 2;
/** The peer sends no more, or the socket has failed: a short read no longer means "drained". */
export const POLL_HANGUP = 4;
/** The descriptor has an error and nothing else. */
export const POLL_ERROR = 8;

/**
 * Takes events from a poller. `slot` and `sequence` are those of the pollDesc that the descriptor
 * was opened with; the sink drops an event whose sequence is no longer the slot's. It returns whether
 * a goroutine has been made runnable, by this event or by one before it in the same poll; a poller may
 * keep the events after that for the next one.
 */
export type PollSink = (slot: number, sequence: number, mode: number) => boolean | void;

/**
 * The part of the netpoll contract that differs between systems. A poller belongs to one thread.
 *
 * It serves readiness and completion alike. A readiness poller (epoll, kqueue) reports that a call
 * is worth trying; a completion poller (IOCP) has first written the finished operation's result
 * where its owner will look, and then reports the same two modes. Neither knows what is parked.
 */
export interface Poller {
  /**
   * Whether bytes that arrive after a short read make an event of themselves. Where they do not
   * (IOCP), the next read must ask, and its asking is what the event will answer.
   */
  readonly edgePerArrival: boolean;
  /** A descriptor that is readable while `poll` has something to give; for {@linkcode HostWait}. */
  readonly waitDescriptor: number;
  /** What another thread of this process needs to wake this one; see `wakeDescriptor`. */
  readonly breakDescriptor: number;
  /** Registers `fd` once, edge-triggered, both directions. 0 or minus an errno: EEXIST if it is. */
  open(fd: number, slot: number, sequence: number): number;
  /** Ends the registration; called before `fd` is closed or handed on. 0 or minus an errno. */
  close(fd: number): number;
  /**
   * Waits and reports to the sink. `delay` in nanoseconds: negative waits until something comes,
   * 0 only looks, positive is a bound. May return early with nothing. Returns the number of events,
   * or minus an errno.
   */
  poll(delay: number, sink: PollSink): number;
  /** Makes the current or the next `poll` return; any number of calls makes one wake-up. */
  break(): void;
  /** Whether `fd` is one of the poller's own. */
  isPollDescriptor(fd: number): boolean;
  /** Closes the poller's own descriptors. */
  dispose(): void;
}

/**
 * When a {@linkcode RawPoller} reports an event: on each change, while a condition holds, or once
 * until re-armed.
 */
export type Trigger = "edge" | "level" | "oneshot";

/**
 * Takes events from a raw poller. `tag` is the one that the descriptor was added or modified with
 * last; `mode` has the bits of {@linkcode PollSink}, each as the system tells it.
 */
export type RawSink = (fd: number, tag: number, mode: number) => void;

/**
 * A poller as the system has it, for those who write their own loop. What is registered, and in
 * which mode, is theirs to say; the system refuses what it must: EPERM for what cannot be polled,
 * EEXIST for what is there, ENOENT for what is not. Where the system itself would not (kqueue), the
 * adapter does. It belongs to one thread. Calls give 0 or more, or minus an errno.
 */
export interface RawPoller {
  /** A descriptor that is readable while `wait` has something to give; for {@linkcode HostWait}. */
  readonly waitDescriptor: number;
  /** What another thread of this process needs to wake this one; see `wakeDescriptor`. */
  readonly breakDescriptor: number;
  /** What the system calls `wait`: "epoll_wait". */
  readonly waitName: string;
  /** What it calls `add`, `modify` and `remove`: "epoll_ctl". */
  readonly controlName: string;
  /** Registers `fd` for the bits POLL_READ and POLL_WRITE of `mode`. */
  add(fd: number, mode: number, trigger: Trigger, tag: number): number;
  /** Changes what `fd` is registered for, or arms it again. */
  modify(fd: number, mode: number, trigger: Trigger, tag: number): number;
  /** Ends the registration of `fd`, which is still open. */
  remove(fd: number): number;
  /** Waits and reports, as {@linkcode Poller.poll} does. */
  wait(delay: number, sink: RawSink): number;
  /** Makes the current or the next `wait` return; any number of calls makes one wake-up. */
  break(): void;
  /** Closes the poller's own descriptors. */
  dispose(): void;
}
