// SPDX-License-Identifier: MIT
import { PARK, type Park, type Waitable } from "./park.ts";
/**
 * The scheduler of a thread: what is runnable, what runs, and one pass over it. Go:
 * runtime/proc.go, findRunnable and schedule.
 *
 * It is not re-entrant and has no thread of its own. Two loops drive it: `runSync` from below, with
 * the thread to itself, and the {@linkcode HostLoop} in turns between those of the host.
 */
import {
  DEAD,
  ENDED,
  endedIn,
  type G,
  RUNNABLE,
  RUNNING,
  type RunOwner,
  WAITING,
} from "./goroutine.ts";
import { generatorNext } from "./generator.ts";
import { Batch } from "./batch.ts";
import { now } from "./clock.ts";
import { type EventSource, NO_SOURCE } from "./event_source.ts";
import { cannotPark, foreignYield } from "./misuse.ts";
import type { Joins, Outcome } from "./joins.ts";
import type { Observer } from "./observer.ts";
import { RunQueue } from "./run_queue.ts";
import { CallTimer, TimerHeap } from "./timer_heap.ts";
import { type TurnTask, TurnTasks } from "./turn_tasks.ts";
import { type MadeCall, UndrivenCalls } from "./undriven.ts";

/** Calls that a goroutine may make without parking before others get a turn. */
const BUDGET = 32;

/** The wait reason of a goroutine that waits for a promise of the host. */
export const PROMISE = "promise";

/** One per thread. */
export class Scheduler {
  /** The current goroutine. */
  current: G | null = null;
  /** The call that it made last, while nothing has driven that; see undriven.ts. */
  made: object | null = null;
  /** What is left of {@linkcode BUDGET} for the one that is executing. */
  budget = 0;
  /** Time of the last clock reading, in milliseconds of `performance.now()`. */
  now = 0;
  /** The same in whole milliseconds: a small integer costs a goroutine no memory of its own. */
  tick = 0;
  /** All timers of the thread. */
  readonly timers: TimerHeap = new TimerHeap();
  /** Number of promises of the host that goroutines wait for. */
  promises = 0;
  /** Number of live goroutines. */
  count = 0;
  /** Number of goroutines started. */
  spawned = 0;
  /** Number of turns of goroutines. */
  switches = 0;
  /** Number of goroutines that the poller made runnable. */
  wakeUps = 0;
  /** Optional observer (tracer or watchdog); null by default. */
  observer: Observer | null = null;
  /** Whether `runSync` has the thread, and the host's loop stands still. */
  blocking = false;
  /** The runs that have not ended. */
  readonly runs: Set<RunOwner> = new Set();
  /** Source of goroutines that wait for external events. */
  source: EventSource = NO_SOURCE;
  /** Whether the host has been handed a task, for which the turn ends soon. */
  handedOver = false;
  /**
   * Chooses which of several runnable goroutines goes next: an index, 0 for the one that has waited
   * longest. Set before the first goroutine starts, in simulations alone; else they run first in,
   * first out.
   */
  picker: ((runnable: readonly G[]) => number) | null = null;
  /**
   * Called before each turn, in simulations alone. If it returns false the turn does not take
   * place, and the goroutine is out of the queue until {@linkcode requeue}.
   */
  admit: ((g: G) => boolean) | null = null;
  /** Called after each turn that {@linkcode picker} has chosen, in simulations alone. */
  onTurnEnd: ((g: G) => void) | null = null;
  /** Number of goroutines that wait for external events but do not keep the process alive. */
  unheld = 0;
  /** Calls that were made and are not driven yet. */
  readonly undriven: UndrivenCalls = new UndrivenCalls();
  /** Runs in debug that have not ended. */
  debugRuns = 0;
  /** How long the last pass waited in the poller. */
  waited = 0;
  /** How long goroutines ran in the midst of the host's code since this was last set to 0. */
  outside = 0;
  /** Called when a goroutine becomes runnable while no pass is under way. */
  onOutside: () => void = () => {};
  readonly #queue = new RunQueue();
  readonly #batch = new Batch();
  readonly #turnTasks = new TurnTasks();
  /** Length of the queue when the picker was last asked. */
  readonly #pickable: G[] = [];
  #passing = false;
  #runsOver = false;

  constructor() {
    // One that the host's code sets while everyone sleeps may be due before anyone would wake.
    this.timers.onEarlier = () => {
      if (!this.#passing && this.runs.size > 0) this.onOutside();
    };
  }

  /** Number of goroutines that wait for external events. */
  get waiters(): number {
    return this.source.waiters;
  }

  /** Changes the number of waiting goroutines that do not keep the process alive. */
  addUnheld(count: number): void {
    this.unheld += count;
    if (!this.#passing && this.runs.size > 0) this.onOutside();
  }

  /** Whether a goroutine is runnable, or the end of a turn has work to do. */
  get runnable(): boolean {
    return !this.#queue.empty || this.#pickable.length > 0 || !this.#turnTasks.empty;
  }

  /**
   * Has `task` done when the goroutines that are runnable have run, before the thread looks at the
   * poller.
   */
  atTurnEnd(task: TurnTask): void {
    this.#turnTasks.add(task);
    if (!this.#passing) this.onOutside();
  }

  /**
   * Marks the current goroutine as waiting, for `on` if that has a name; the result is to be
   * yielded at once. `call` is ended if it cannot park.
   */
  park(
    reason: string,
    on: Waitable | null = null,
    call: { return(): unknown } | null = null,
  ): Park {
    const g = this.current;
    // One that is parked already is driven by hand, in a loop that would never end.
    if (g === null || g.state !== RUNNING) throw refused(g, reason, on, call);
    g.state = WAITING;
    g.waitReason = reason;
    g.waitOn = on;
    g.waitSince = this.tick;
    return PARK;
  }

  /** Moves the current goroutine behind the others; the caller yields the result at once. */
  yieldNow(): Park {
    const g = this.current;
    if (g === null || g.state !== RUNNING) throw cannotPark(g, "yield to the others");
    g.state = RUNNABLE;
    g.waitOn = null;
    this.#queue.push(g);
    return PARK;
  }

  /** The current goroutine has parked, but continues at once instead of yielding. */
  unpark(): void {
    this.current!.state = RUNNING;
  }

  /** Makes a waiting goroutine runnable. Go: goready. Has no effect on any other. */
  ready(g: G): void {
    if (g.state !== WAITING) return;
    g.state = RUNNABLE;
    this.#queue.push(g);
    if (this.observer !== null) this.observer.woke(g, this.current);
    if (!this.#passing) this.onOutside();
  }

  /** Puts back a goroutine that {@linkcode admit} has turned away. */
  requeue(g: G): void {
    if (g.state === RUNNABLE) this.#queue.push(g);
  }

  /**
   * Has the host run `f`, outside any goroutine, when the turn is over; it does not wait in the
   * poller meanwhile. Without `f` it only ends the turn, for what the host has to do already.
   */
  handOver(f?: () => void): void {
    this.handedOver = true;
    if (f !== undefined) queueMicrotask(f);
  }

  /** As {@linkcode ready} for all of `queue` at once, for the poller. Go: netpollready. */
  readyInto(queue: RunQueue, g: G): void {
    if (g.state !== WAITING) return;
    g.state = RUNNABLE;
    this.wakeUps++;
    queue.push(g);
    if (this.observer !== null) this.observer.woke(g, null);
  }

  /** Adds a new goroutine. Go: newproc. */
  start(g: G): void {
    this.count++;
    this.spawned++;
    g.run.add(g);
    this.#queue.push(g);
    if (this.observer !== null) this.observer.woke(g, this.current);
    if (!this.#passing) this.onOutside();
  }

  /**
   * As {@linkcode start}, with the first turn of `g` at once if the host's code has the thread:
   * what need not wait then costs no turn of the scheduler.
   */
  startNow(g: G): void {
    if (this.#passing || this.current !== null || this.blocking) return this.start(g);
    // The last look at the clock may be long ago.
    this.now = now();
    this.tick = Math.floor(this.now);
    this.count++;
    this.spawned++;
    g.run.add(g);
    g.state = RUNNABLE;
    if (this.observer !== null) this.observer.woke(g, null);
    this.switches++;
    this.#observed(g, () => this.#step(g));
    this.outside += now() - this.now;
    if (g.state !== DEAD) this.onOutside();
  }

  /**
   * Runs a batch, looks at the poller, fires timers. With nothing runnable it waits in the poller,
   * for `maxWait` milliseconds or until the next timer. Returns true if the poller had an event.
   */
  pass(maxWait: number): boolean {
    this.#passing = true;
    try {
      this.#runBatch();
      if (!this.#turnTasks.empty) this.#turnTasks.run();
      this.#timeBatch(now());
      const wait = this.#mayWait() ? Math.min(maxWait, this.timers.next - this.now) : 0;
      const came = this.#look(wait);
      if (wait > 0) this.#timeWait(now());
      else this.waited = 0;
      if (this.timers.size > 0) this.timers.fire(this.now);
      // If a timer has ended the last run, no turn follows.
      if (this.runs.size === 0 && !this.#turnTasks.empty) this.#turnTasks.run();
      return came;
    } catch (error) {
      // Errors of goroutines do not reach this place: the poller failed, and can wake no goroutine.
      for (const run of [...this.runs]) run.collapse(error);
      return false;
    } finally {
      this.#passing = false;
    }
  }

  /**
   * Ends `g` at the point where it waits: its `finally` blocks run. It may park again in one; if it
   * has not come to its end when the grace of its run has passed, it is ended again there.
   */
  end(g: G): void {
    if (g.state === DEAD || g.state === RUNNING) return;
    this.#observed(g, () => this.#resume(g, () => g.body.return(undefined), ENDED));
    if (g.state === DEAD) return;
    if (g.run.grace === Infinity) return;
    g.grace ??= new CallTimer(() => this.end(g));
    this.timers.set(g.grace, now() + g.run.grace);
  }

  /** Drops `g`, which cannot be ended: its generator becomes garbage. */
  abandon(g: G): void {
    g.waitOn?.abandoned?.(g);
    if (g.state === WAITING && g.waitReason === PROMISE) this.promises--;
    g.state = DEAD;
    g.outcome = ENDED;
    this.count--;
    if (g.grace !== null) this.timers.stop(g.grace);
    if (g.joins !== null) this.#wakeJoins(g, g.joins);
  }

  /** Marks a run as over: the driver of the scheduler handles that before anything else. */
  runOver(run: RunOwner): void {
    this.runs.delete(run);
    this.#runsOver = true;
  }

  /** Releases resources that are not needed while no goroutine runs. */
  idle(): void {
    this.source.idle();
  }

  /** The clock is read once per batch, not per goroutine: reading it costs more than a switch. */
  #timeBatch(now: number): void {
    this.#batch.took(now - this.now);
    this.now = now;
    this.tick = Math.floor(now);
  }

  #timeWait(now: number): void {
    this.waited = now - this.now;
    this.now = now;
    this.tick = Math.floor(now);
  }

  /** True if nothing is runnable, something can wake a goroutine, and no run's end is pending. */
  #mayWait(): boolean {
    const over = this.#runsOver;
    this.#runsOver = false;
    return !over && (this.blocking || !this.handedOver) && !this.runnable &&
      (this.waiters > 0 || this.timers.size > 0);
  }

  #look(wait: number): boolean {
    if (wait <= 0 && this.waiters === 0) return false;
    const ready = this.source.poll(wait <= 0 ? 0 : wait === Infinity ? -1 : wait * 1e6);
    if (ready.empty) return false;
    this.#queue.append(ready);
    return true;
  }

  #runBatch(): void {
    if (this.picker !== null) return this.#runPicked(this.picker);
    let left = this.#batch.size;
    let g: G | null;
    while (left-- > 0 && (g = this.#queue.shift()) !== null) {
      // One that was ended while it stood in the queue is dead, or waits in a finally block.
      if (g.state !== RUNNABLE) continue;
      if (this.admit !== null && !this.admit(g)) continue;
      this.switches++;
      if (this.observer === null) this.#step(g);
      else this.#observedStep(g);
    }
  }

  /** Runs one goroutine, the picker's choice: every turn is a choice of its own. */
  #runPicked(pick: (runnable: readonly G[]) => number): void {
    this.#queue.drainTo(this.#pickable);
    const runnable = this.#pickable.filter((g) => g.state === RUNNABLE || release(g));
    const g = runnable[runnable.length > 1 ? pick(runnable) : 0];
    this.#pickable.length = 0;
    for (const other of runnable) if (other !== g) this.#pickable.push(other);
    if (g === undefined) return;
    release(g);
    if (this.admit !== null && !this.admit(g)) return;
    this.switches++;
    this.#observedStep(g);
    this.onTurnEnd?.(g);
  }

  /** Not in the loop above, whose `g` would become a closure's. */
  #observedStep(g: G): void {
    this.#observed(g, () => this.#step(g));
  }

  #observed(g: G, turn: () => void): void {
    const { observer } = this;
    if (observer === null) return turn();
    const began = now();
    observer.began(g, began);
    turn();
    observer.ended(g, began, now());
  }

  /** Keeps the call that the current goroutine has made and not driven; `another` comes now. */
  keepMade(another: boolean): void {
    const made = this.made as MadeCall;
    this.made = null;
    this.undriven.keep(made, this.current, another);
  }

  #step(g: G): void {
    this.current = g;
    // What the host's code made is not this goroutine's.
    this.made = null;
    this.budget = BUDGET;
    g.state = RUNNING;
    let step: IteratorResult<Park, unknown>;
    try {
      step = g.plain ? generatorNext.call(g.body) : g.body.next();
    } catch (error) {
      if (this.made !== null) this.keepMade(false);
      this.current = null;
      this.#finish(g, { ok: false, error }, true);
      return;
    }
    if (this.made !== null) this.keepMade(false);
    this.current = null;
    if (step.done) this.#finish(g, returned(step.value), false);
    else if (step.value !== PARK || g.state === RUNNING) this.#misused(g, step.value);
  }

  /** Resumes `g` by `return` or `throw`; `outcome` is its result if it then returns. */
  #resume(
    g: G,
    how: () => IteratorResult<Park, unknown>,
    outcome: Outcome<unknown> | null,
  ): void {
    const before = this.current;
    if (this.made !== null) this.keepMade(true);
    this.current = g;
    this.budget = BUDGET;
    g.state = RUNNING;
    let step: IteratorResult<Park, unknown>;
    try {
      step = how();
    } catch (error) {
      if (this.made !== null) this.keepMade(false);
      this.current = before;
      this.#finish(g, { ok: false, error }, true);
      return;
    }
    if (this.made !== null) this.keepMade(false);
    this.current = before;
    if (step.done) this.#finish(g, outcome ?? returned(step.value), false);
    else if (step.value !== PARK || g.state === RUNNING) this.#misused(g, step.value);
  }

  /** A foreign value was yielded: the goroutine gets an error at that very `yield`. */
  #misused(g: G, value: unknown): void {
    this.#resume(g, () => g.body.throw(foreignYield(g, value)), null);
  }

  #finish(g: G, outcome: Outcome<unknown>, thrown: boolean): void {
    g.state = DEAD;
    g.outcome = outcome;
    this.count--;
    if (this.undriven.count > 0) this.undriven.ended(g);
    if (g.grace !== null) this.timers.stop(g.grace);
    const { joins } = g;
    if (joins === null) return g.run.ended(g, thrown);
    const received = joins.receive;
    this.#wakeJoins(g, joins);
    g.run.ended(g, thrown && !received);
  }

  #wakeJoins(g: G, joins: Joins<G>): void {
    for (const joiner of joins.parked) this.ready(joiner);
    joins.parked.clear();
    // The host's code goes on when the turn is over.
    if (joins.settle(g.outcome === ENDED ? endedIn(g.run) : g.outcome!)) this.handOver();
  }
}

/** Records that `g` has left the run queue. */
function release(g: G): false {
  g.queued = false;
  return false;
}

/** Ends `call`, which cannot park; returns the error that it throws. */
function refused(
  g: G | null,
  reason: string,
  on: Waitable | null,
  call: { return(): unknown } | null,
): Error {
  const error = cannotPark(g, reason, on);
  call?.return();
  return error;
}

/** Outcome of every goroutine that returns nothing, as most do. */
const RETURNED: Outcome<undefined> = { ok: true, value: undefined };

/** Returns the outcome of a goroutine that returns `value`. */
function returned(value: unknown): Outcome<unknown> {
  return value === undefined ? RETURNED : { ok: true, value };
}
