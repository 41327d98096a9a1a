// SPDX-License-Identifier: MIT
/**
 * Idle timeout of one connection of a goroutine. Reads and writes do not update it: when it fires,
 * it checks how long the connection's goroutines have been parked.
 */
import type { Addr } from "../net/addr/addr.ts";
import type { NetFD } from "../net/socket/net_fd.ts";
import { now } from "../sched/clock.ts";
import { scheduler } from "../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../sched/timer_heap.ts";

/** See the top of this file. */
export class IdleTimer implements HeapTimer, Disposable {
  slot: number = NO_SLOT;
  readonly #fd: NetFD<Addr>;
  readonly #timeout: number;
  readonly #expired: () => void;

  /** Starts it. `expired` is called once, when the connection has been idle for `timeout` ms. */
  constructor(fd: NetFD<Addr>, timeout: number, expired: () => void) {
    this.#fd = fd;
    this.#timeout = timeout;
    this.#expired = expired;
    scheduler.timers.set(this, now() + timeout);
  }

  /** Ends it. */
  stop(): void {
    scheduler.timers.stop(this);
  }

  /** As {@linkcode IdleTimer.stop}. */
  [Symbol.dispose](): void {
    this.stop();
  }

  fire(): void {
    if (this.#fd.closed) return;
    const due = this.#lastActive() + this.#timeout;
    if (due <= now()) this.#expired();
    else scheduler.timers.set(this, due);
  }

  /**
   * Returns the last time of activity. A goroutine parked for data or room was active until it
   * parked; while none is parked, the handler is active. Writes that did not park have recorded
   * their time.
   */
  #lastActive(): number {
    const { rg, wg, idleSince } = this.#fd.pd!;
    if (wg !== null) return Math.max(wg.waitSince, rg?.waitSince ?? 0);
    return idleSince === null ? now() : Math.max(idleSince, this.#fd.wroteAt);
  }
}
