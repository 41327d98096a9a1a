// SPDX-License-Identifier: MIT
/**
 * Drives the scheduler in turns between those of the host's own event loop, so that promises,
 * timers and the host's servers go on beside the goroutines.
 *
 * Busy: a turn is bounded by TURN_MS, then the host has its own. While the next event is near, the
 * thread only looks at the poller, and the host has its own callbacks between two looks (see
 * Spinner). It waits in the poller only while the host shows no sign of work of its own, and then
 * for SLICE_MS at a time, for it cannot be asked whether it has something due.
 * Idle: a watch beside the loop (see HostWait) and one timer of the host stand for all goroutines.
 */
import { nodeProcess } from "../../platforms/contract/host.ts";
import { now } from "./clock.ts";
import { deadlock } from "./deadlock.ts";
import type { Scheduler } from "./scheduler.ts";
import { SPIN_SHARE, Spinner } from "./spinner.ts";

/** Longest turn: timers of the host may be late by this much. */
const TURN_MS = 2;
/** A timer nearer than this is waited for here: the host's own timers have whole milliseconds. */
const NEAR_MS = 1;
/** Longest that the host's loop stands still for a wait in the poller. */
const SLICE_MS = 0.1;
/** Turns without a wait after the host was handed a task, since it may have more by then. */
const FREE_TURNS = 3;
/** A host that took longer than this between two turns, unasked, has work of its own. */
const HOST_BUSY_MS = 0.05;
/** How long the loop does not wait in the poller after that. */
const HOST_ACTIVE_MS = 2;

/** How long all goroutines may be asleep, with nothing to wake them, before it is a deadlock. */
const DEADLOCK_MS = 1000;

/** One per thread. */
export class HostLoop {
  /** Turns so far: times that the host's loop ran goroutines. */
  turns = 0;
  /** Turns that left the thread to sleep until an event, a timer or the host's own work. */
  sleeps = 0;
  readonly #scheduler: Scheduler;
  readonly #spinner = new Spinner();
  #lastTurnEnd = 0;
  /** How long this turn may still wait in the poller. */
  #waitLeft = 0;
  /** Number of coming turns that do not wait. */
  #freeTurns = 0;
  /** Until when the host counts as active. */
  #hostUntil = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Infinity;
  #immediate: ReturnType<typeof setImmediate> | null = null;
  /** Whether a turn is under way or certain to come. */
  #pending = false;
  #onQuiet: (() => void) | null = null;
  /** Resolves when the watch has ended; null unless that is awaited. */
  #stopping: Promise<void> | null = null;
  #suspended = false;
  readonly #turn = () => this.#runTurn();
  #suspicion: ReturnType<typeof setTimeout> | null = null;
  readonly #drained = () => {
    this.#listens = false;
    deadlock(this.#scheduler);
  };
  /** Whether the end of the process is listened for: to ask the host each turn costs too much. */
  #listens = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    scheduler.onOutside = () => this.kick();
  }

  /**
   * Stands still until `resume`: a simulation has the thread for several turns of the host's loop.
   */
  suspend(): void {
    this.#suspended = true;
  }

  /** Continues. */
  resume(): void {
    this.#suspended = false;
    if (this.#scheduler.runs.size > 0) this.kick();
  }

  /** Schedules a turn: a goroutine became runnable outside of one. */
  kick(): void {
    if (this.#pending || this.#suspended) return;
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
    if (this.#scheduler.source.watched) {
      // One promise for all callers meanwhile: each of them is a run that waits for its end.
      this.#stopping ??= new Promise<void>((resolve) => this.#onQuiet = resolve);
      // Without a wait that holds the process, its end would come before that of the watch.
      this.#scheduler.source.hostWait().hold(true);
      this.#scheduler.source.break();
      await this.#stopping;
    }
    // Another run began meanwhile, and has the watch; when it is over it stops anew.
    if (this.#scheduler.runs.size > 0 || this.#scheduler.source.watched) return;
    this.#scheduler.idle();
  }

  /** Resolves the promise of `stop`. */
  #quiet(): void {
    this.#onQuiet?.();
    this.#onQuiet = this.#stopping = null;
  }

  #runTurn(): void {
    const scheduler = this.#scheduler;
    if (this.#suspended) {
      this.#pending = false;
      return;
    }
    this.#pending = true;
    this.turns++;
    // A run that began after the last one was over needs the watch again.
    if (scheduler.runs.size > 0) this.#quiet();
    this.#allay();
    const start = scheduler.now = now();
    this.#lookAtHost(start);
    const end = start + TURN_MS;
    this.#waitLeft = SLICE_MS;
    if (scheduler.runnable) this.#spinner.busy(start, false);
    scheduler.handedOver = false;
    do this.#pass(); while (
      scheduler.now < end && !scheduler.handedOver && (scheduler.runnable || this.#staysOn())
    );
    this.#freeTurns = scheduler.handedOver ? FREE_TURNS : Math.max(0, this.#freeTurns - 1);
    this.#lastTurnEnd = scheduler.now;
    this.#pending = false;
    this.#comeBack();
  }

  #pass(): void {
    const scheduler = this.#scheduler;
    const { runnable, now } = scheduler;
    const event = scheduler.pass(this.#maxWait());
    const { waited } = scheduler;
    this.#waitLeft -= waited;
    const idleAt = scheduler.now - waited;
    if (!scheduler.runnable || waited > 0) this.#noWork(idleAt);
    if (waited > 0) this.#spinner.wait(idleAt);
    if (scheduler.runnable) this.#spinner.busy(scheduler.now, event);
    else if (!runnable && waited === 0) this.#spinner.looked(now, scheduler.now);
  }

  /** Records that there has been no work since `at`. */
  #noWork(at: number): void {
    this.#spinner.idle(at, this.#share());
  }

  /** Detects work of the host's own: an immediate of ours came late. */
  #lookAtHost(at: number): void {
    const unasked = this.#immediate !== null && this.#freeTurns < FREE_TURNS;
    const late = at - this.#lastTurnEnd - this.#scheduler.outside;
    if (unasked && late > HOST_BUSY_MS) this.#hostUntil = at + HOST_ACTIVE_MS;
    this.#scheduler.outside = 0;
    this.#forgetImmediate();
  }

  /** Whether the host's loop may be blocked for moments. */
  get #mayWait(): boolean {
    return this.#freeTurns === 0 && this.#scheduler.now >= this.#hostUntil;
  }

  /** Whether the turn goes on although there is no work. */
  #staysOn(): boolean {
    const { now } = this.#scheduler;
    return this.#mayWait && this.#waitLeft > 0 && now < this.#nearUntil();
  }

  /** Returns how long a pass may wait in the poller. */
  #maxWait(): number {
    if (!this.#mayWait) return 0;
    const { now, runnable } = this.#scheduler;
    if (runnable ? this.#spinner.willSpin(now) : this.#spinner.spins(now)) return 0;
    return Math.max(0, Math.min(this.#waitLeft, this.#nearUntil() - now));
  }

  /** Until when to stay awake: for traffic to continue, or for a near timer. */
  #nearUntil(): number {
    const { now, timers, waiters } = this.#scheduler;
    const near = timers.next - now < NEAR_MS ? timers.next : 0;
    return waiters > 0 ? Math.max(near, this.#spinner.promised(now)) : near;
  }

  /** Schedules the next turn for the time it is needed. */
  #comeBack(): void {
    const { runs, runnable, now } = this.#scheduler;
    if (runs.size === 0) return this.#spinner.reset();
    if (!runnable) this.#noWork(now);
    if (runnable || this.#isNear(now)) {
      this.#pending = true;
      this.#immediate = setImmediate(this.#turn);
    } else {
      this.sleeps++;
      this.#spinner.sleep(now);
      this.#idle();
    }
  }

  #isNear(now: number): boolean {
    if (now >= this.#nearUntil()) return false;
    return now < this.#hostUntil ? this.#spinner.spins(now) : true;
  }

  /** Share of the time that may be spent spinning: the greatest that a run has asked for. */
  #share(): number {
    let share = -1;
    for (const run of this.#scheduler.runs) share = Math.max(share, run.spinShare ?? -1);
    return share < 0 ? SPIN_SHARE : share;
  }

  #idle(): void {
    const { waiters, timers, promises, source } = this.#scheduler;
    if (waiters > 0) this.#watch();
    // An open run may have nothing to wait for: the watch of its last wait holds no process.
    else if (source.watched) source.hostWait().hold(false);
    if (timers.size > 0) this.#setTimer(timers.next);
    else if (waiters > 0) return;
    else if (promises === 0) this.#suspect();
    // The host knows whether a promise can still settle: it reports that before it ends the
    // process.
    else this.#listen();
  }

  #watch(): void {
    const { source, waiters, unheld } = this.#scheduler;
    const wait = source.hostWait();
    if (!wait.armed) {
      wait.arm(() => {
        this.#quiet();
        this.kick();
      });
    }
    wait.hold(waiters > unheld);
  }

  #setTimer(at: number): void {
    if (this.#timer !== null && this.#timerAt <= at) return;
    this.#clearTimer();
    this.#timerAt = at;
    // Rounded down: the rest is spun for, which is more exact, or else is a timer of its own.
    const delay = Math.max(1, Math.floor(at - now()));
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
    if (!this.#detectsDeadlock) return;
    this.#suspicion ??= setTimeout(() => {
      this.#suspicion = null;
      deadlock(this.#scheduler);
    }, DEADLOCK_MS);
  }

  /** Whether some run wants to know; the timer of a suspicion keeps the process alive. */
  get #detectsDeadlock(): boolean {
    for (const run of this.#scheduler.runs) if (run.detectDeadlock) return true;
    return false;
  }

  #allay(): void {
    if (this.#suspicion !== null) clearTimeout(this.#suspicion);
    this.#suspicion = null;
    if (this.#listens) nodeProcess().off("beforeExit", this.#drained);
    this.#listens = false;
  }

  #listen(): void {
    if (!this.#listens) nodeProcess().once("beforeExit", this.#drained);
    this.#listens = true;
  }
}
