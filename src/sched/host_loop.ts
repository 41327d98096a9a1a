// SPDX-License-Identifier: MIT
/**
 * Drives the scheduler in turns between those of the host's own event loop, so that promises,
 * timers and the host's servers go on beside the goroutines.
 *
 * Busy: a turn is bounded by TURN_MS, then the host has its own. Traffic mostly continues, so a
 * turn that has nothing to run waits in the poller itself for HOT_MS after the last event.
 * Idle: a watch beside the loop (see HostWait) and one timer of the host stand for all goroutines.
 */
import process from "node:process";
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { HostWait } from "../../platforms/contract/platform.ts";
import { deadlock } from "./deadlock.ts";
import type { Scheduler } from "./scheduler.ts";
import { now } from "./clock.ts";

/** Longest turn: so late may the host's own timers be. */
const TURN_MS = 2;
/** How long after an event the thread waits in the poller for the next. */
const HOT_MS = 1;
/** A host that took longer than this between two turns has work of its own: no waiting then. */
const HOST_BUSY_MS = 0.1;

/** How long everyone may be asleep, with nothing that could wake anyone, before it is an error. */
const DEADLOCK_MS = 1000;

/** One per thread. */
export class HostLoop {
  readonly #scheduler: Scheduler;
  #wait: HostWait | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Infinity;
  #immediate: ReturnType<typeof setImmediate> | null = null;
  /** Whether a turn is under way or certain to come. */
  #pending = false;
  /** Until when the thread waits in the poller. */
  #hotUntil = 0;
  #lastTurnEnd = 0;
  #onQuiet: (() => void) | null = null;
  /** Resolves when the watch has come to its end; null while nobody waits for that. */
  #stopping: Promise<void> | null = null;
  readonly #turn = () => this.#runTurn();
  #suspicion: ReturnType<typeof setTimeout> | null = null;
  readonly #drained = () => deadlock(this.#scheduler);

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    scheduler.onOutside = () => this.kick();
  }

  /** Makes a turn come soon: something became runnable outside a turn. */
  kick(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(this.#turn);
  }

  /**
   * Called when the last run is over. Resolves once no other thread watches the poller any more
   * and nothing here keeps the process alive; if none does now, all is done when this returns.
   */
  async stop(): Promise<void> {
    this.#clearTimer();
    this.#allay();
    if (this.#wait?.armed) {
      // One promise for all who stop meanwhile: each of them is a run that waits for its end.
      this.#stopping ??= new Promise<void>((resolve) => this.#onQuiet = resolve);
      this.#scheduler.source.break();
      await this.#stopping;
    }
    // Another run began meanwhile, and has the watch; when it is over it stops anew.
    if (this.#scheduler.runs.size > 0 || this.#wait?.armed) return;
    this.#wait?.dispose();
    this.#wait = null;
    this.#scheduler.idle();
  }

  /** Lets `stop` go on. */
  #quiet(): void {
    this.#onQuiet?.();
    this.#onQuiet = this.#stopping = null;
  }

  #runTurn(): void {
    const scheduler = this.#scheduler;
    this.#pending = true;
    // A run that began after the last one was over needs the watch again.
    if (scheduler.runs.size > 0) this.#quiet();
    this.#forgetImmediate();
    this.#allay();
    const start = scheduler.now = now();
    const end = start + TURN_MS;
    const mayWait = start - this.#lastTurnEnd < HOST_BUSY_MS;
    scheduler.handedOver = false;
    do {
      const until = mayWait ? Math.min(end, this.#waitUntil()) : 0;
      const came = scheduler.pass(Math.max(0, until - scheduler.now));
      if (came) this.#hotUntil = scheduler.now + HOT_MS;
    } while (
      scheduler.now < end && !scheduler.handedOver &&
      (scheduler.runnable || (mayWait && this.#hot()))
    );
    this.#lastTurnEnd = scheduler.now;
    this.#pending = false;
    this.#comeBack();
  }

  /** Until when it is worth waiting in the poller: for traffic to continue, or for a near timer. */
  #waitUntil(): number {
    const { next } = this.#scheduler.timers;
    const near = next - this.#scheduler.now < HOT_MS ? next : 0;
    return this.#scheduler.waiters > 0 ? Math.max(near, this.#hotUntil) : near;
  }

  #hot(): boolean {
    return this.#scheduler.now < this.#waitUntil();
  }

  /** Sees to it that the next turn comes when it must. */
  #comeBack(): void {
    if (this.#scheduler.runs.size === 0) return;
    if (this.#scheduler.runnable || this.#hot()) {
      this.#pending = true;
      this.#immediate = setImmediate(this.#turn);
    } else {
      this.#idle();
    }
  }

  #idle(): void {
    const { waiters, timers, promises } = this.#scheduler;
    if (waiters > 0) this.#watch();
    if (timers.size > 0) this.#setTimer(timers.next);
    else if (waiters > 0) return;
    else if (promises === 0) this.#suspect();
    // The host knows whether anything can still settle one: it says so before it ends the process.
    else process.once("beforeExit", this.#drained);
  }

  #watch(): void {
    this.#wait ??= this.#scheduler.source.hostWait();
    if (this.#wait.armed) return;
    this.#wait.arm(() => {
      this.#quiet();
      this.kick();
    });
  }

  #setTimer(at: number): void {
    if (this.#timer !== null && this.#timerAt <= at) return;
    this.#clearTimer();
    this.#timerAt = at;
    // Rounded down: the near rest of the wait is spent in the poller, which is more exact.
    const delay = Math.max(0, Math.floor(at - now()));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#timerAt = Infinity;
      this.kick();
    }, Math.min(delay, 0x7fffffff));
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Infinity;
  }

  /** A turn may come by a microtask while an immediate stands: one of the two is enough. */
  #forgetImmediate(): void {
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
  }

  /**
   * Nothing that the scheduler knows of can wake anyone. Code of the host still may, by a callback
   * that uses a channel, so it is given a while; neither runtime tells whether it has work left.
   */
  #suspect(): void {
    this.#suspicion ??= setTimeout(() => {
      this.#suspicion = null;
      deadlock(this.#scheduler);
    }, DEADLOCK_MS);
  }

  #allay(): void {
    if (this.#suspicion !== null) clearTimeout(this.#suspicion);
    this.#suspicion = null;
    process.off("beforeExit", this.#drained);
  }
}
