// SPDX-License-Identifier: MIT
/**
 * State that the poller keeps for a descriptor that has a deadline, or that is watched by a
 * goroutine parked elsewhere. Most descriptors need neither, and have none.
 */
import { scheduler } from "../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../sched/timer_heap.ts";
import type { PollMode } from "./poll_state.ts";

/** Watcher of a descriptor that is parked elsewhere, and looks again at each change. */
export interface Watcher {
  /** The goroutine, if the watcher wakes exactly one. */
  readonly g?: object | null;
  retry(): void;
}

/** Callback for an expired deadline of one direction. */
export interface DeadlineTarget {
  setExpired(read: boolean, expired: boolean): void;
}

/** The deadline of one direction. */
class DeadlineTimer implements HeapTimer {
  slot = NO_SLOT;
  readonly #target: DeadlineTarget;
  readonly #read: boolean;

  constructor(target: DeadlineTarget, read: boolean) {
    this.#target = target;
    this.#read = read;
  }

  fire(): void {
    this.#target.setExpired(this.#read, true);
  }
}

/** Both directions of one descriptor. */
export class PollExtras {
  /** Whether the deadline of reads has passed. */
  readExpired = false;
  /** Whether the deadline of writes has passed. */
  writeExpired = false;
  /** Time since which a watcher has waited for bytes, in milliseconds of `performance.now()`. */
  watchedSince = 0;
  #readTimer: DeadlineTimer | null = null;
  #writeTimer: DeadlineTimer | null = null;
  /** Null while there is none. Mostly there is one, for which a Set would be large. */
  #readWatchers: readonly Watcher[] | null = null;
  #writeWatchers: readonly Watcher[] | null = null;

  /**
   * Sets when the deadline of one direction expires, which notifies `target`; Infinity for never.
   */
  setTimer(target: DeadlineTarget, read: boolean, at: number): void {
    if (at === Infinity) return this.#stop(read ? this.#readTimer : this.#writeTimer);
    const timer = read
      ? this.#readTimer ??= new DeadlineTimer(target, true)
      : this.#writeTimer ??= new DeadlineTimer(target, false);
    scheduler.timers.set(timer, at);
  }

  /** Returns when the deadline of one direction expires; Infinity for never. */
  deadline(read: boolean): number {
    const timer = read ? this.#readTimer : this.#writeTimer;
    return timer === null ? Infinity : scheduler.timers.whenOf(timer);
  }

  /** Clears the deadlines of both directions. */
  stopTimers(): void {
    this.#stop(this.#readTimer);
    this.#stop(this.#writeTimer);
  }

  /** Watchers of one direction; null while there is none. */
  watchers(mode: PollMode): readonly Watcher[] | null {
    return mode === "read" ? this.#readWatchers : this.#writeWatchers;
  }

  /** Adds a watcher; returns false if it was there already. */
  watch(mode: PollMode, watcher: Watcher): boolean {
    const watchers = this.watchers(mode);
    if (watchers === null) {
      if (mode === "read") this.watchedSince = scheduler.now;
      this.#setWatchers(mode, [watcher]);
      return true;
    }
    if (watchers.includes(watcher)) return false;
    this.#setWatchers(mode, [...watchers, watcher]);
    return true;
  }

  /** Removes a watcher; returns false if it was not there. */
  unwatch(mode: PollMode, watcher: Watcher): boolean {
    const watchers = this.watchers(mode);
    if (watchers === null || !watchers.includes(watcher)) return false;
    this.#setWatchers(
      mode,
      watchers.length === 1 ? null : watchers.filter((other) => other !== watcher),
    );
    return true;
  }

  #setWatchers(mode: PollMode, watchers: readonly Watcher[] | null): void {
    if (mode === "read") this.#readWatchers = watchers;
    else this.#writeWatchers = watchers;
  }

  #stop(timer: DeadlineTimer | null): void {
    if (timer !== null) scheduler.timers.stop(timer);
  }
}
