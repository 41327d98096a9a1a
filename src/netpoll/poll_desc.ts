// SPDX-License-Identifier: MIT
/**
 * The pollDesc: what the poller knows of one open descriptor. Go: runtime/netpoll.go, type pollDesc.
 *
 * Each direction is in one of three states, in the fields `rready`/`rg` and `wready`/`wg`:
 *
 *   ready     rready, no rg   something may have come: the call is worth trying
 *   not ready neither         the last call drained it; the next caller must wait
 *   waiting   rg              a goroutine is parked until the poller, a deadline or close wakes it
 *
 * Readiness that comes before the wait is latched, and stays until a call has found the descriptor
 * drained. Go has a fourth state (pdWait) for the moment between the decision to park and the park
 * itself; on one thread there is no such moment.
 */
import {
  POLL_CLOSING,
  POLL_NOT_POLLABLE,
  POLL_OK,
  POLL_TIMEOUT,
  type PollMode,
} from "./poll_state.ts";
import type { Park, Waitable } from "../sched/park.ts";
import type { G, RunOwner } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
} from "../../platforms/contract/platform.ts";
import type { RunQueue } from "../sched/run_queue.ts";
import { type DeadlineTarget, PollExtras, type Watcher } from "./poll_extras.ts";
import { now } from "../sched/clock.ts";

/** The owner of a descriptor, as seen from below. */
export interface Closer {
  /** Closes the descriptor if it is still open; does not throw. */
  closeQuietly(): void;
  /** What a dump calls it: "fd 12 tcp 127.0.0.1:80->127.0.0.1:4711". */
  describe?(): string;
  /** Notes that others have the descriptor too: its close must leave theirs alone. */
  share?(): void;
  /** A call in `mode` was given up in its midst: its turn is over. */
  giveUp?(mode: PollMode): void;
}

/** Takes the events of a descriptor itself, so that no goroutine need be parked for it. */
export interface PollHandler {
  /** Latches an event; a goroutine that becomes runnable by it is appended to `toRun`. */
  pollReady(mode: number, toRun: RunQueue): void;
}

/** Counts the waits that are under way, over all descriptors. */
export interface WaitCount {
  waiters: number;
}

/** See the top of this file. */
export class PollDesc implements Waitable, DeadlineTarget {
  // What every wait touches comes first: it lies in memory in this order.
  /** Counts the descriptors that had this slot; an event with another number is late. */
  sequence = 0;
  /** The descriptor, or -1 while the slot is free. */
  fd = -1;
  /** A read is worth trying. */
  rready = true;
  /** Parked until the descriptor can be read. */
  rg: G | null = null;
  /** Whether a read may go on: one of the answers above. Go: netpollcheckerr. */
  readState = POLL_OK;
  /**
   * A short read does not mean "drained", for nothing would tell of what comes after it: the peer
   * sends no more, or the socket failed, or the poller answers only what it was asked.
   */
  hangup = false;
  /** A write is worth trying. */
  wready = true;
  /** Parked until the descriptor can be written. */
  wg: G | null = null;
  /** Whether a write may go on. */
  writeState = POLL_OK;
  #error = false;
  /** Observers of events, beside the parked goroutines. */
  handler: PollHandler | null = null;
  /** What few descriptors need; kept for the next one that has this slot. */
  #extras: PollExtras | null = null;
  readonly #count: WaitCount;
  /** Its index in the pollCache; travels in every event. */
  readonly slot: number;
  /** Whether the system's poller knows the descriptor. */
  registered = false;
  /** Whether calls report the descriptor's errors, so that an event of an error is no answer. */
  reportsErrors = false;
  /** The run that opened it, or null if no run did. */
  owner: RunOwner | null = null;
  /** What holds the descriptor. */
  holder: Closer | null = null;

  constructor(slot: number, count: WaitCount) {
    this.slot = slot;
    this.#count = count;
  }

  /** Takes the slot for `fd`. */
  take(fd: number): void {
    this.fd = fd;
    this.owner = scheduler.current?.run ?? null;
    this.rready = this.wready = this.registered = true;
    this.hangup = this.reportsErrors = this.#error = false;
    if (this.#extras !== null) this.#extras.readExpired = this.#extras.writeExpired = false;
    this.readState = this.writeState = POLL_OK;
  }

  /** Frees the slot. From now on an event for it is late. */
  free(): void {
    this.sequence = (this.sequence + 1) | 0;
    this.fd = -1;
    this.owner = this.holder = this.handler = null;
    this.#extras?.stopTimers();
  }

  abandoned(g: object): void {
    if (this.rg === g) {
      this.unparkReader();
      this.holder?.giveUp?.("read");
    }
    if (this.wg === g) {
      this.unparkWriter();
      this.holder?.giveUp?.("write");
    }
  }

  describe(): string {
    return this.holder?.describe?.() ?? `fd ${this.fd}`;
  }

  /**
   * Parks the current goroutine as the reader; what it gives is to be yielded at once. One that is
   * parked already, and was woken by something else, is counted once.
   */
  parkReader(): Park {
    const park = scheduler.park("IO wait", this);
    if (this.rg === null) this.#count.waiters++;
    this.rg = scheduler.current;
    return park;
  }

  /** Parks the current goroutine as the writer, as {@linkcode parkReader}. */
  parkWriter(): Park {
    const park = scheduler.park("IO wait", this);
    if (this.wg === null) this.#count.waiters++;
    this.wg = scheduler.current;
    return park;
  }

  /** Takes the parked reader out, if there is one. Go: netpollunblock. */
  unparkReader(): G | null {
    const g = this.rg;
    if (g === null) return null;
    this.rg = null;
    this.#count.waiters--;
    return g;
  }

  /** Takes the parked writer out, if there is one. */
  unparkWriter(): G | null {
    const g = this.wg;
    if (g === null) return null;
    this.wg = null;
    this.#count.waiters--;
    return g;
  }

  /** Takes out all who wait, and wakes none: their goroutines will never run again. */
  abandonWaits(): void {
    this.unparkReader();
    this.unparkWriter();
    for (const mode of ["read", "write"] as const) {
      for (const watcher of [...this.#extras?.watchers(mode) ?? []]) this.unwatch(mode, watcher);
    }
  }

  /** Has `watcher` told of whatever happens in `mode`, until `unwatch`. */
  watch(mode: PollMode, watcher: Watcher): void {
    if ((this.#extras ??= new PollExtras()).watch(mode, watcher)) this.#count.waiters++;
  }

  /** Ends what `g` watches, which was given up. */
  unwatchAll(g: object): void {
    for (const mode of ["read", "write"] as const) {
      const watchers = [...this.#extras?.watchers(mode) ?? []];
      for (const watcher of watchers) if (watcher.g === g) this.unwatch(mode, watcher);
    }
  }

  /** Ends a `watch`; one that is over already is no error. */
  unwatch(mode: PollMode, watcher: Watcher): void {
    if (this.#extras?.watchers(mode)?.delete(watcher)) this.#count.waiters--;
  }

  /**
   * Time since which a goroutine has waited for bytes, in milliseconds of `performance.now()`; null when
   * none does, or when one waits for room to write.
   */
  get idleSince(): number | null {
    if (this.wg !== null || this.watched("write")) return null;
    if (this.rg !== null) return this.rg.waitSince;
    return this.watched("read") ? this.#extras!.watchedSince : null;
  }

  /** Tells those who watch one direction. */
  tell(mode: PollMode): void {
    const watchers = this.#extras?.watchers(mode);
    if (watchers) { for (const watcher of [...watchers]) watcher.retry(); }
  }

  /** An event came: latches it and puts those who waited for it on `toRun`. Go: netpollready. */
  ready(mode: number, toRun: RunQueue): void {
    const error = (mode & POLL_ERROR) !== 0;
    if (error !== this.#error) {
      this.#error = error;
      this.answer();
    }
    if (mode & POLL_HANGUP) this.hangup = true;
    if (mode & POLL_READ) {
      this.rready = true;
      this.wake(this.unparkReader(), toRun);
      if (this.#extras !== null) this.tell("read");
    }
    if (mode & POLL_WRITE) {
      this.wready = true;
      this.wake(this.unparkWriter(), toRun);
      if (this.#extras !== null) this.tell("write");
    }
    if (this.handler !== null) this.handler.pollReady(mode, toRun);
  }

  /** Ends every wait, now and from now on. Go: runtime_pollUnblock. */
  evict(): void {
    this.readState = this.writeState = POLL_CLOSING;
    this.wakeAll(true, true);
    this.#extras?.stopTimers();
  }

  /**
   * Sets the deadline of one direction. `at` in milliseconds of `performance.now()`, Infinity for
   * none. One that has passed wakes the waiting goroutine. Go: runtime_pollSetDeadline.
   */
  setDeadline(mode: PollMode, at: number): void {
    const read = mode === "read";
    const expired = at <= now();
    this.setExpired(read, expired);
    if (this.#extras !== null || at !== Infinity) {
      (this.#extras ??= new PollExtras()).setTimer(this, read, expired ? Infinity : at);
    }
  }

  /**
   * Returns true if the deadline of one direction has passed; its waiters have been woken by then.
   */
  setExpired(read: boolean, expired: boolean): void {
    if (this.#extras === null && !expired) return;
    const extras = this.#extras ??= new PollExtras();
    if (read) extras.readExpired = expired;
    else extras.writeExpired = expired;
    this.answer();
    if (expired) this.wakeAll(read, !read);
  }

  /**
   * The answers follow from the flags; calls read them more often than the flags change. "Closing" is
   * for good: until the slot is another's.
   */
  private answer(): void {
    if (this.readState === POLL_CLOSING) return;
    const { readExpired = false, writeExpired = false } = this.#extras ?? {};
    const notPollable = this.#error && !this.reportsErrors ? POLL_NOT_POLLABLE : POLL_OK;
    this.readState = readExpired ? POLL_TIMEOUT : notPollable;
    this.writeState = writeExpired ? POLL_TIMEOUT : POLL_OK;
  }

  private watched(mode: PollMode): boolean {
    return (this.#extras?.watchers(mode)?.size ?? 0) > 0;
  }

  private wakeAll(read: boolean, write: boolean): void {
    const reader = read ? this.unparkReader() : null;
    const writer = write ? this.unparkWriter() : null;
    if (reader !== null) scheduler.ready(reader);
    if (writer !== null) scheduler.ready(writer);
    if (read) this.tell("read");
    if (write) this.tell("write");
  }

  private wake(g: G | null, toRun: RunQueue): void {
    if (g !== null) scheduler.readyInto(toRun, g);
  }
}
