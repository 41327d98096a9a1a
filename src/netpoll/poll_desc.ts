// SPDX-License-Identifier: MIT
/**
 * The pollDesc: the poller's state of one open descriptor. Go: runtime/netpoll.go, type pollDesc.
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

/** Owner of a descriptor, as the poller sees it. */
export interface Closer {
  /** Closes the descriptor if it is still open; does not throw. */
  closeQuietly(): void;
  /** Name for a dump: "fd 12 tcp 127.0.0.1:80->127.0.0.1:4711". */
  describe?(): string;
  /** Records that other owners share the descriptor: its close must not affect them. */
  share?(): void;
  /** A call in `mode` was abandoned midway: releases its lock. */
  giveUp?(mode: PollMode): void;
  /** The simulated host has crashed: releases memory that the thread shares. */
  crashed?(): void;
}

/** Handles the events of a descriptor itself, so that no goroutine need be parked for it. */
export interface PollHandler {
  /** Latches an event; a goroutine that becomes runnable by it is appended to `toRun`. */
  pollReady(mode: number, toRun: RunQueue): void;
}

/** Number of waits under way, over all descriptors. */
export interface WaitCount {
  waiters: number;
}

/** See {@linkcode PollDesc.registered}. */
const REGISTERED = 1;
/** See {@linkcode PollDesc.reportsErrors}. */
const REPORTS_ERRORS = 2;

/** See the top of this file. */
export class PollDesc implements Waitable, DeadlineTarget {
  // Fields that every wait touches come first: they lie in memory in this order.
  /** Number of descriptors that have had this slot; an event with another sequence is stale. */
  sequence = 0;
  /** The descriptor, or -1 while the slot is free. */
  fd = -1;
  /** A read is worth trying. */
  rready = true;
  /** Goroutine parked until the descriptor is readable. */
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
  /** Goroutine parked until the descriptor is writable. */
  wg: G | null = null;
  /** Whether a write may go on. */
  writeState = POLL_OK;
  #error = false;
  /** Observers of events, beside the parked goroutines. */
  handler: PollHandler | null = null;
  /** State that few descriptors need; kept for the next one in this slot. */
  #extras: PollExtras | null = null;
  readonly #count: WaitCount;
  /** Its index in the pollCache; travels in every event. */
  readonly slot: number;
  /** REGISTERED and REPORTS_ERRORS; one field for both, since every connection has one of these. */
  #flags = 0;
  /** The run that opened it, or null if no run did. */
  owner: RunOwner | null = null;
  /** Its owner. */
  holder: Closer | null = null;
  /**
   * Time of the registration, in whole milliseconds of `performance.now()`: a small integer costs
   * no memory of its own.
   */
  openedAt = 0;

  constructor(slot: number, count: WaitCount) {
    this.slot = slot;
    this.#count = count;
  }

  /** Assigns the slot to `fd`. */
  take(fd: number): void {
    this.fd = fd;
    this.openedAt = Math.floor(now());
    this.owner = scheduler.current?.run ?? null;
    this.rready = this.wready = true;
    this.#flags = REGISTERED;
    this.hangup = this.#error = false;
    if (this.#extras !== null) this.#extras.readExpired = this.#extras.writeExpired = false;
    this.readState = this.writeState = POLL_OK;
  }

  /** Whether the system's poller knows the descriptor. */
  get registered(): boolean {
    return (this.#flags & REGISTERED) !== 0;
  }

  set registered(on: boolean) {
    this.#flags = on ? this.#flags | REGISTERED : this.#flags & ~REGISTERED;
  }

  /** Whether calls report the descriptor's errors, so that an error event decides nothing. */
  get reportsErrors(): boolean {
    return (this.#flags & REPORTS_ERRORS) !== 0;
  }

  set reportsErrors(on: boolean) {
    this.#flags = on ? this.#flags | REPORTS_ERRORS : this.#flags & ~REPORTS_ERRORS;
  }

  /** Frees the slot. From now on its events are stale. */
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
   * Parks the current goroutine as the reader; the caller yields the result at once. One that is
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

  /** Removes the parked reader, if there is one. Go: netpollunblock. */
  unparkReader(): G | null {
    const g = this.rg;
    if (g === null) return null;
    this.rg = null;
    this.#count.waiters--;
    return g;
  }

  /** Removes the parked writer, if there is one. */
  unparkWriter(): G | null {
    const g = this.wg;
    if (g === null) return null;
    this.wg = null;
    this.#count.waiters--;
    return g;
  }

  /** Removes all waiters without waking them: their goroutines will never run again. */
  abandonWaits(): void {
    this.unparkReader();
    this.unparkWriter();
    for (const mode of ["read", "write"] as const) {
      for (const watcher of this.#extras?.watchers(mode) ?? []) this.unwatch(mode, watcher);
    }
  }

  /** Notifies `watcher` of every change in `mode`, until `unwatch`. */
  watch(mode: PollMode, watcher: Watcher): void {
    if ((this.#extras ??= new PollExtras()).watch(mode, watcher)) this.#count.waiters++;
  }

  /** Ends the watches of `g`, which was abandoned. */
  unwatchAll(g: object): void {
    for (const mode of ["read", "write"] as const) {
      const watchers = this.#extras?.watchers(mode) ?? [];
      for (const watcher of watchers) if (watcher.g === g) this.unwatch(mode, watcher);
    }
  }

  /** Ends a `watch`; one that is over already is ignored. */
  unwatch(mode: PollMode, watcher: Watcher): void {
    if (this.#extras?.unwatch(mode, watcher)) this.#count.waiters--;
  }

  /**
   * Time since which a goroutine has waited for bytes, in milliseconds of `performance.now()`; null
   * when none does, or when one waits for room to write.
   */
  get idleSince(): number | null {
    if (this.wg !== null || this.watched("write")) return null;
    if (this.rg !== null) return this.rg.waitSince;
    return this.watched("read") ? this.#extras!.watchedSince : null;
  }

  /** Notifies the watchers of one direction. */
  tell(mode: PollMode): void {
    const watchers = this.#extras?.watchers(mode);
    // A retry may change them, which makes a new list.
    if (watchers) { for (const watcher of watchers) watcher.retry(); }
  }

  /**
   * Latches an event and appends the goroutines that waited for it to `toRun`. Go: netpollready.
   */
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

  /** Returns the deadline of one direction as `setDeadline` takes it, 0 once it has passed. */
  deadline(mode: PollMode): number {
    const extras = this.#extras;
    if (extras === null) return Infinity;
    const read = mode === "read";
    return (read ? extras.readExpired : extras.writeExpired) ? 0 : extras.deadline(read);
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
   * The answers follow from the flags; calls read them more often than the flags change. "Closing"
   * is for good: until the slot is another's.
   */
  private answer(): void {
    if (this.readState === POLL_CLOSING) return;
    const { readExpired = false, writeExpired = false } = this.#extras ?? {};
    const notPollable = this.#error && !this.reportsErrors ? POLL_NOT_POLLABLE : POLL_OK;
    this.readState = readExpired ? POLL_TIMEOUT : notPollable;
    this.writeState = writeExpired ? POLL_TIMEOUT : POLL_OK;
  }

  private watched(mode: PollMode): boolean {
    return this.#extras !== null && this.#extras.watchers(mode) !== null;
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
