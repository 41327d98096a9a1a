// SPDX-License-Identifier: MIT
/**
 * Functions started by a timer. Go: time.AfterFunc.
 *
 * Unlike the timer of a channel, this timer acts by itself, so it is in the scheduler's heap from
 * the start. The scheduler must keep running in the meantime, and the timer must not outlive its
 * run. One goroutine per run, the keeper, ensures both: it lives as long as the run has such timers
 * and only sleeps; when the run ends it, it stops them.
 */
import { now } from "../sched/clock.ts";
import { PARK } from "../sched/park.ts";
import type { G, Routine, RunOwner } from "../sched/goroutine.ts";
import { backgroundRun, spawn } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../sched/timer_heap.ts";
import { checkMs } from "./timer.ts";
import { registerState } from "../sched/thread_state.ts";

/**
 * Calls `f` in its own goroutine after `ms` milliseconds, unless the timer is stopped first. Never
 * parks. Go: `time.AfterFunc`.
 *
 * The goroutine belongs to the run of the caller, or to none, as with `go`; a pending timer is
 * stopped when its run ends. While a run has pending timers, it has one additional goroutine named
 * "timerFunc".
 *
 * @param ms milliseconds
 * @param f a `function*`, or a plain function
 * @throws {RangeError} if `ms` is not a number
 * @throws {TypeError} if `f` is not a function
 * @example
 * ```ts
 * const watchdog = timerFunc(5000, () => conn.abort());
 * yield* conn.read(buf);
 * watchdog.stop();
 * ```
 */
export function timerFunc(ms: number, f: () => Routine<void> | void): FuncTimer {
  if (typeof f !== "function") {
    throw new TypeError(
      `Cannot call timerFunc as f must be a function: current value is ${typeof f}`,
    );
  }
  checkMs("timerFunc", ms);
  const timer = new ScheduledFunc(f);
  timer.reset(ms);
  return timer;
}

/**
 * Timer that calls a function, made by {@linkcode timerFunc}. Go: the Timer of `time.AfterFunc`.
 */
export interface FuncTimer extends Disposable {
  /**
   * Stops the timer. Returns true if this prevented the call, false if the timer had already
   * expired or been stopped. Never parks, and does not wait for a function that is already running.
   */
  stop(): boolean;
  /**
   * Makes the timer expire `ms` milliseconds from now, even if it has already expired. Returns true
   * if it was still pending. Never parks.
   *
   * @throws {RangeError} if `ms` is not a number
   */
  reset(ms: number): boolean;
  /** Stops the timer. */
  [Symbol.dispose](): void;
}

class ScheduledFunc implements FuncTimer, HeapTimer {
  slot = NO_SLOT;
  readonly #f: () => Routine<void> | void;
  /** Null unless it is waiting. */
  keeper: Keeper | null = null;

  constructor(f: () => Routine<void> | void) {
    this.#f = f;
  }

  stop(): boolean {
    if (!scheduler.timers.stop(this)) return false;
    this.#leave();
    return true;
  }

  reset(ms: number): boolean {
    checkMs("reset a timer", ms);
    const pending = this.keeper !== null;
    const keeper = keeperOf(scheduler.current?.run ?? backgroundRun());
    if (this.keeper !== keeper) {
      this.#leave();
      this.keeper = keeper;
      keeper.add();
    }
    scheduler.timers.set(this, now() + ms);
    return pending;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  fire(): void {
    // In this order: a run without a main goroutine is over when its last goroutine has ended.
    spawn(this.keeper!.run, this.#f.name || "timerFunc", body(this.#f));
    this.#leave();
  }

  #leave(): void {
    this.keeper?.remove();
    this.keeper = null;
  }
}

function* body(f: () => Routine<void> | void): Routine<void> {
  const routine = f();
  if (typeof routine?.next === "function") yield* routine;
}

/** Counts the timers of a run that are waiting; at its end they are found in the heap. */
class Keeper {
  readonly run: RunOwner;
  #waiting = 0;
  #g: G | null = null;

  constructor(run: RunOwner) {
    this.run = run;
  }

  add(): void {
    this.#waiting++;
    this.#g ??= this.#spawn();
  }

  remove(): void {
    this.#waiting--;
    if (this.#waiting === 0 && this.#g !== null) scheduler.ready(this.#g);
  }

  #stopAll(): void {
    for (const timer of scheduler.timers.active()) {
      if (timer instanceof ScheduledFunc && timer.keeper === this) timer.stop();
    }
  }

  #spawn(): G {
    const body = this.#keep();
    // Begun here, because one that is ended before its first turn runs no `finally` block.
    body.next();
    return spawn(this.run, "timerFunc", body) as G;
  }

  *#keep(): Routine<void> {
    try {
      yield PARK;
      while (this.#waiting > 0) yield scheduler.park("timers");
    } finally {
      this.#g = null;
      if (latest === this) latest = null;
      if (this.#waiting > 0) this.#stopAll();
    }
  }
}

let keepers = new WeakMap<RunOwner, Keeper>();
/** The one that was asked for last; nearly always the next one, too. */
let latest: Keeper | null = null;

registerState<{ keepers: WeakMap<RunOwner, Keeper>; latest: Keeper | null }>("function timers", {
  fresh: () => ({ keepers: new WeakMap(), latest: null }),
  save: () => ({ keepers, latest }),
  restore: (state) => ({ keepers, latest } = state),
});

function keeperOf(run: RunOwner): Keeper {
  if (latest?.run === run) return latest;
  let keeper = keepers.get(run);
  if (keeper === undefined) keepers.set(run, keeper = new Keeper(run));
  return latest = keeper;
}
