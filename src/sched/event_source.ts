// SPDX-License-Identifier: MIT
/** What the scheduler needs of the poller. Go: the netpoll of runtime/proc.go's findRunnable. */
import type { HostWait } from "../../platforms/contract/platform.ts";
import type { RunOwner } from "./goroutine.ts";
import type { RunQueue } from "./run_queue.ts";

/** Where goroutines come from that wait for the world outside. src/netpoll is the one there is. */
export interface EventSource {
  /** How many waits are under way: with none of them, nothing outside can wake anyone. */
  readonly waiters: number;
  /** Waits as {@linkcode Poller.poll} does and gives those that became runnable. */
  poll(delay: number): RunQueue;
  /** Makes the current or the next `poll` return. */
  break(): void;
  /** Whether another thread may be in a system call that waits for the poller. */
  readonly watched: boolean;
  /** A wait for `poll` to have something, beside the host's loop. It lasts as long as the poller. */
  hostWait(): HostWait;
  /** Closes every descriptor that was opened for `run` and is still open. */
  closeOwned(run: RunOwner): void;
  /** Forgets every descriptor that was opened for `run`, and leaves it open. */
  forgetOwned(run: RunOwner): void;
  /**
   * Called when no goroutine is left: resources not needed for open descriptors may be released.
   */
  idle(): void;
}

/** Stands in until src/netpoll is loaded, which every user of a descriptor or of a wait imports. */
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
