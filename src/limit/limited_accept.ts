// SPDX-License-Identifier: MIT
/** A listener's descriptor behind a limiter: accepts only while the limiter is open. */
import type { Addr } from "../net/addr/addr.ts";
import type { ListenFD } from "../net/socket/stream_listener.ts";
import { POLL_OK } from "../netpoll/poll_state.ts";
import type { Watcher } from "../netpoll/poll_extras.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import type { Limiter } from "./limiter.ts";
import { now } from "../sched/clock.ts";

/** Maximum number of connections refused at once, before other goroutines run. */
const MOST_REFUSED = 64;

/** See the top of this file. */
export class LimitedAccept<T extends object> {
  readonly #fd: ListenFD<Addr>;
  readonly #limiter: Limiter;
  readonly #take: (sysfd: number) => T | null;
  /** Whether more connections may be refused, which was postponed. */
  #more = false;
  readonly #again = new CallTimer(() => {
    this.#more = false;
    this.#limiter.look();
  });

  /** `take` receives each descriptor at once, and returns null for one that it has refused. */
  constructor(fd: ListenFD<Addr>, limiter: Limiter, take: (sysfd: number) => T | null) {
    this.#fd = fd;
    this.#limiter = limiter;
    this.#take = take;
  }

  /** Returns the next admitted connection. Parks, also while the limiter is closed. */
  *accept(): Routine<T> {
    const g = scheduler.current!;
    const watcher = { retry: () => scheduler.ready(g) };
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    for (;;) {
      const taken = this.attempt();
      if (taken !== null) return taken;
      this.watch(watcher);
      try {
        yield scheduler.park("IO wait");
      } finally {
        this.unwatch(watcher);
      }
    }
  }

  /** Returns an admitted connection, or null if a wait is needed. Throws as accept. */
  attempt(): T | null {
    for (let left = MOST_REFUSED; left > 0; left--) {
      // The callback that learns of the closed limiter may close the listener.
      const asks = this.#tells || this.#limiter.open || this.#tells;
      const sysfd = asks ? this.#fd.tryAccept() : null;
      if (sysfd === null) return null;
      const taken = this.#take(sysfd);
      if (taken !== null) return taken;
    }
    this.#more = true;
    return null;
  }

  /**
   * Accepts all queued connections of a listener that is about to close, including those that the
   * poller has not reported yet: the kernel would reset them on close.
   */
  *rest(): Generator<T, void, undefined> {
    this.#fd.pd!.rready = true;
    for (;;) {
      this.#more = false;
      const taken = this.attempt();
      if (taken !== null) yield taken;
      else if (!this.#more) return;
    }
  }

  /** True if accept would throw at once: listener closed or deadline exceeded. */
  get #tells(): boolean {
    return this.#fd.closed || this.#fd.pd!.readState !== POLL_OK;
  }

  /** Notifies `watcher` when another attempt may succeed. */
  watch(watcher: Watcher): void {
    this.#fd.pd!.watch("read", watcher);
    this.#limiter.watch(watcher);
    if (this.#more) scheduler.timers.set(this.#again, now());
  }

  /** Ends a `watch`. */
  unwatch(watcher: Watcher): void {
    this.#fd.pd?.unwatch("read", watcher);
    this.#limiter.unwatch(watcher);
    if (!this.#limiter.watched) scheduler.timers.stop(this.#again);
  }
}
