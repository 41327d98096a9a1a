// SPDX-License-Identifier: MIT
/** Platform interface for pollers: the one of the netpoll contract, and the raw one. */

/** Bits of an event, as passed to {@linkcode PollSink}. */
export const POLL_READ = 1;
/** A write can proceed. */
export const POLL_WRITE = 2;
/**
 * The peer has ended its stream, or the socket has failed: a short read no longer means "drained".
 */
export const POLL_HANGUP = 4;
/** The descriptor reports an error and nothing else. */
export const POLL_ERROR = 8;

/**
 * Receives events from a poller. `slot` and `sequence` are those of the pollDesc that the
 * descriptor was opened with; the sink drops an event whose sequence is no longer the slot's.
 * Returns whether a goroutine has become runnable, by this event or by an earlier one of the same
 * poll; a poller may then keep the remaining events for the next poll.
 */
export type PollSink = (slot: number, sequence: number, mode: number) => boolean | void;

/**
 * The part of the netpoll contract that differs between systems. A poller belongs to one thread.
 *
 * It covers readiness and completion. A readiness poller (epoll, kqueue) reports that a call is
 * worth trying; a completion poller (IOCP) first stores the result of the finished operation where
 * its owner reads it, and then reports the same two modes. Neither knows what is parked.
 */
export interface Poller {
  /**
   * Whether bytes that arrive after a short read cause an event by themselves. If not (IOCP), the
   * next read must start an operation, and the event reports its completion.
   */
  readonly edgePerArrival: boolean;
  /** A descriptor that is readable while `poll` has events; for {@linkcode HostWait}. */
  readonly waitDescriptor: number;
  /** Handle by which another thread of this process wakes this one; see `wakeDescriptor`. */
  readonly breakDescriptor: number;
  /**
   * Registers `fd` once, edge-triggered, in both directions. 0 or minus an errno: EEXIST if it is
   * registered.
   */
  open(fd: number, slot: number, sequence: number): number;
  /** Ends the registration; called before `fd` is closed or handed over. 0 or minus an errno. */
  close(fd: number): number;
  /**
   * Waits and reports events to the sink. `delay` is in nanoseconds: negative waits without limit,
   * 0 does not wait, a positive one is an upper bound. May return early without events. Returns the
   * number of events, or minus an errno.
   */
  poll(delay: number, sink: PollSink): number;
  /** Makes the current or next `poll` return; several calls cause one wake-up. */
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
 * Receives events from a raw poller. `tag` is the one of the last `add` or `modify` of the
 * descriptor; `mode` has the bits of {@linkcode PollSink}, as the system reports them.
 */
export type RawSink = (fd: number, tag: number, mode: number) => void;

/**
 * The system's poller without a policy, for custom event loops. The caller decides what is
 * registered and in which mode; the system rejects errors: EPERM for a descriptor that cannot be
 * polled, EEXIST for one that is registered, ENOENT for one that is not. Where the system does not
 * (kqueue), the adapter does. Belongs to one thread. Calls return 0 or more, or minus an errno.
 */
export interface RawPoller {
  /** A descriptor that is readable while `wait` has events; for {@linkcode HostWait}. */
  readonly waitDescriptor: number;
  /** Handle by which another thread of this process wakes this one; see `wakeDescriptor`. */
  readonly breakDescriptor: number;
  /** The system call behind `wait`: "epoll_wait". */
  readonly waitName: string;
  /** The system call behind `add`, `modify` and `remove`: "epoll_ctl". */
  readonly controlName: string;
  /** Registers `fd` for the bits POLL_READ and POLL_WRITE of `mode`. */
  add(fd: number, mode: number, trigger: Trigger, tag: number): number;
  /** Changes the registration of `fd`, or re-arms it. */
  modify(fd: number, mode: number, trigger: Trigger, tag: number): number;
  /** Ends the registration of `fd`, which is still open. */
  remove(fd: number): number;
  /** Waits and reports events, as {@linkcode Poller.poll} does. */
  wait(delay: number, sink: RawSink): number;
  /** Makes the current or next `wait` return; several calls cause one wake-up. */
  break(): void;
  /** Closes the poller's own descriptors. */
  dispose(): void;
}
