// SPDX-License-Identifier: MIT
/** The scheduler's view of the poller. Go: the netpoll of runtime/proc.go's findRunnable. */
import type { HostWait } from "../../platforms/contract/platform.ts";
import type { RunOwner } from "./goroutine.ts";
import type { RunQueue } from "./run_queue.ts";

/** Source of goroutines that wait for external events. Implemented by src/netpoll alone. */
export interface EventSource {
  /** Number of waits under way: with none, no external event can wake a goroutine. */
  readonly waiters: number;
  /** Waits as {@linkcode Poller.poll} does and returns the goroutines that became runnable. */
  poll(delay: number): RunQueue;
  /** Makes the current or the next `poll` return. */
  break(): void;
  /** Whether another thread may be in a system call that waits for the poller. */
  readonly watched: boolean;
  /** A watch beside the host's loop for `poll` to have an event. It lasts as long as the poller. */
  hostWait(): HostWait;
  /** Closes every open descriptor that belongs to `run`. */
  closeOwned(run: RunOwner): void;
  /** Forgets every open descriptor that belongs to `run`, and leaves it open. */
  forgetOwned(run: RunOwner): void;
  /**
   * Called when no goroutine is left: resources not needed for open descriptors may be released.
   */
  idle(): void;
}

/**
 * Placeholder until src/netpoll is loaded, which every user of a descriptor or of a wait imports.
 */
export const NO_SOURCE: EventSource = {
  waiters: 0,
  watched: false,
  poll: () => {
    throw new Error("netpoll: scheduler: no source of events");
  },
  break: () => {},
  hostWait: () => {
    throw new Error("netpoll: scheduler: no source of events");
  },
  closeOwned: () => {},
  forgetOwned: () => {},
  idle: () => {},
};
