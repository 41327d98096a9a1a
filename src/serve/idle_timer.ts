// SPDX-License-Identifier: MIT
/**
 * Idle time-out of one connection of a goroutine. Reads and writes do nothing for it: when the time
 * is up it looks since when the goroutines of the connection have been parked there.
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
   * The last moment at which it was not idle. A goroutine that is parked for bytes, or for room,
   * has had its last ones when it parked; while none is, the handler is at work. Writes that did
   * not have to park have left their time.
   */
  #lastActive(): number {
    const { rg, wg, idleSince } = this.#fd.pd!;
    if (wg !== null) return Math.max(wg.waitSince, rg?.waitSince ?? 0);
    return idleSince === null ? now() : Math.max(idleSince, this.#fd.wroteAt);
  }
}
