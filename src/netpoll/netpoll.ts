// SPDX-License-Identifier: MIT
/**
 * The portable half of the poller. Go: runtime/netpoll.go.
 *
 * The contract, as Go lists it; `this` keeps it with the help of one {@linkcode Poller} of the
 * system underneath, which knows descriptors, slots and sequences, but no goroutine:
 *
 *   init()                 opens the system's poller on first use
 *   open(fd)               registers fd, edge-triggered, both directions; returns its pollDesc
 *   close(pd)              ends the registration; the slot may be another's at once
 *   poll(delay)            returns the goroutines that became runnable; delay in nanoseconds:
 *                          negative blocks, 0 looks, positive is a bound
 *   break()                makes the current or the next poll return
 *   isPollDescriptor(fd)   whether fd is one of the poller's own
 *
 * A completion poller keeps the same contract: what it completes, it has written into its
 * operation before it reports the slot, and the owner of the slot looks there when it is resumed.
 */
import { platform } from "../../platforms/platform.ts";
import {
  type HostWait,
  PlatformError,
  type Poller,
  type PollSink,
} from "../../platforms/contract/platform.ts";
import type { G, RunOwner } from "../sched/goroutine.ts";
import { RunQueue } from "../sched/run_queue.ts";
import type { EventSource } from "../sched/event_source.ts";
import { scheduler } from "../sched/thread.ts";
import { registerState } from "../sched/thread_state.ts";
import { noteClosing, noteOpened } from "./fd_table.ts";
import { PollCache } from "./poll_cache.ts";
import { closeAtUnload } from "./unload.ts";
import type { Closer, PollDesc, WaitCount } from "./poll_desc.ts";

/** A handle that another thread can wake; see src/fd/waker.ts. */
export interface Wakeable {
  /** The run at whose end it is closed. */
  readonly owner: RunOwner | null;
  /** Returns the goroutine to make runnable because it was woken. */
  woken(): G | null;
  /** Closes it. */
  close(): void;
}

/** One per thread. */
export class Netpoll implements EventSource, WaitCount {
  waiters = 0;
  /** Number of polls. */
  polls = 0;
  readonly #openPoller: () => Poller;
  readonly #cache = new PollCache(this);
  readonly #ready = new RunQueue();
  readonly #wakers = new Set<Wakeable>();
  #poller: Poller | null = null;
  /** The watch of this poller beside the host's loop. */
  #hostWait: HostWait | null = null;

  constructor(openPoller: () => Poller) {
    this.#openPoller = openPoller;
  }

  /** Returns the system's poller, opened on first use. Throws PlatformError. */
  init(): Poller {
    if (this.#poller === null) {
      this.#poller = this.#openPoller();
      closeAtUnload(() => this.#unload());
      noteOpened(this.#poller.waitDescriptor);
      noteOpened(this.#poller.breakDescriptor);
    }
    return this.#poller;
  }

  /** Whether the system's poller is open. */
  get isOpen(): boolean {
    return this.#poller !== null;
  }

  /** Whether another thread may be in a system call that waits for the poller. */
  get watched(): boolean {
    return this.#hostWait?.armed ?? false;
  }

  /** Number of open descriptors. */
  get descriptors(): number {
    return this.#cache.open;
  }

  /** Registers `fd`. Returns its pollDesc, or minus an errno. */
  open(fd: number): PollDesc | number {
    const poller = this.init();
    const pd = this.#cache.alloc(fd);
    const done = poller.open(fd, pd.slot, pd.sequence);
    if (done >= 0) {
      noteOpened(fd);
      if (!poller.edgePerArrival) pd.hangup = true;
      return pd;
    }
    this.#cache.free(pd);
    return done;
  }

  /** Ends the registration of a descriptor, which is still open. */
  close(pd: PollDesc): void {
    if (pd.registered) this.forget(pd);
    this.#cache.free(pd);
  }

  /** Ends the registration alone: parked goroutines still use the pollDesc. */
  forget(pd: PollDesc): void {
    this.init().close(pd.fd);
    noteClosing(pd.fd);
    pd.registered = false;
  }

  poll(delay: number): RunQueue {
    this.polls++;
    const count = this.init().poll(delay, this.#sink);
    if (count < 0) {
      const { name, text } = platform().errnoText(-count);
      throw new PlatformError(`Cannot wait in the poller: ${text}`, name);
    }
    if (this.#wakers.size > 0) this.#lookAtWakers();
    return this.#ready;
  }

  break(): void {
    this.#poller?.break();
  }

  /** Whether `fd` is one of the poller's own. */
  isPollDescriptor(fd: number): boolean {
    return this.#poller?.isPollDescriptor(fd) ?? false;
  }

  hostWait(): HostWait {
    return this.#hostWait ??= platform().hostWait(this.init());
  }

  /** Returns the owner of the open descriptor `fd` on this thread, or null. */
  holderOf(fd: number): Closer | null {
    for (const pd of this.#cache.inUse()) if (pd.fd === fd && pd.registered) return pd.holder;
    return null;
  }

  /** Returns the pollDescs of all open descriptors. */
  inUse(): Iterable<PollDesc> {
    return this.#cache.inUse();
  }

  closeOwned(run: RunOwner): void {
    for (const pd of this.#owned(run)) pd.holder?.closeQuietly();
    for (const waker of [...this.#wakers]) if (waker.owner === run) waker.close();
  }

  forgetOwned(run: RunOwner): void {
    for (const pd of this.#owned(run)) {
      pd.abandonWaits();
      pd.holder?.crashed?.();
      this.close(pd);
    }
    for (const waker of [...this.#wakers]) if (waker.owner === run) this.#wakers.delete(waker);
  }

  #owned(run: RunOwner): PollDesc[] {
    return [...this.#cache.inUse()].filter((pd) => pd.owner === run);
  }

  /**
   * Registers a waker, which keeps the poller open. Returns the descriptor that interrupts a poll.
   */
  addWaker(waker: Wakeable): number {
    this.#wakers.add(waker);
    return this.init().breakDescriptor;
  }

  /** Unregisters a waker. */
  removeWaker(waker: Wakeable): void {
    this.#wakers.delete(waker);
    if (scheduler.runs.size === 0) this.idle();
  }

  /**
   * With no descriptor open and no run, the poller's own descriptors are closed. Not while another
   * thread waits for it, which would be left in that call, or come back with what was another
   * poller's by then: the end of that wait calls this again.
   */
  idle(): void {
    if (this.#cache.open > 0 || this.#wakers.size > 0 || this.watched) return;
    if (this.#poller === null) return;
    noteClosing(this.#poller.waitDescriptor);
    noteClosing(this.#poller.breakDescriptor);
    this.#hostWait?.dispose();
    this.#hostWait = null;
    this.#poller.dispose();
    this.#poller = null;
  }

  /** The runtime discards the thread's program: no goroutine runs any more. */
  #unload(): void {
    // A listener on a Unix socket removes its file.
    for (const pd of this.#cache.inUse()) pd.holder?.closeQuietly();
    // Another thread may wait for the poller.
    this.break();
  }

  #lookAtWakers(): void {
    for (const waker of this.#wakers) {
      const woken = waker.woken();
      if (woken !== null) scheduler.readyInto(this.#ready, woken);
    }
  }

  readonly #sink: PollSink = (slot, sequence, mode) => {
    this.#cache.find(slot, sequence)?.ready(mode, this.#ready);
    return !this.#ready.empty;
  };
}

/** The poller of this thread. A live binding: a simulation has one of its own. */
export let netpoll: Netpoll = new Netpoll(() => platform().openPoller());

scheduler.source = netpoll;

registerState("netpoll", {
  fresh: () => new Netpoll(() => platform().openPoller()),
  save: () => netpoll,
  restore: (state) => scheduler.source = netpoll = state,
});
