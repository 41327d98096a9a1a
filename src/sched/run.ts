// SPDX-License-Identifier: MIT
/**
 * A run: the goroutines of one `run` or `runSync`, and how they end together.
 *
 * It ends when its main goroutine returns, or at the first uncaught error. Then every other
 * goroutine is ended, the newest first, and its `finally` blocks run; those may park. Then the
 * run's descriptors are closed, and connections with bytes under way linger
 * (net/socket/lossless_close.ts). The grace bounds all of that together. It is over when nothing of
 * it lives.
 */
import { shown } from "../validate/argument.ts";
import { BOUNDED_DAEMON, type G, type Goroutine, MEMBER, PanicError } from "./goroutine.ts";
import type { Scheduler } from "./scheduler.ts";
import { observe, unobserve } from "./observer.ts";
import { disown } from "./ownership.ts";
import { captureSite } from "./spawn_site.ts";
import { inAsyncContext } from "./async_context.ts";
import { debugBegan, debugEnded } from "./noted_methods.ts";
import { CallTimer } from "./timer_heap.ts";
import { type OnSlow, Watchdog } from "./watchdog.ts";
import { now } from "./clock.ts";

/** How often a goroutine that parks in its `finally` blocks after that is ended again. */
const END_TRIES = 100;

/** Grace of a run that sets none, in milliseconds. */
const DEFAULT_GRACE_MS = 1000;

/** Options of {@linkcode run} and {@linkcode runSync}. */
export interface RunOptions {
  /**
   * Upper bound of the end of the run in milliseconds; 1,000 by default. Until then `finally`
   * blocks may park, and closed connections with data in flight linger, as {@linkcode Conn.close}
   * says. Afterwards the remaining goroutines are ended where they wait, and every connection that
   * still lingers is closed by close(2): the kernel goes on delivering what it can. It takes
   * precedence over `lingerTimeout`. `Infinity` for no bound.
   *
   * @throws {RangeError} if it is negative or not a number
   */
  grace?: number;
  /**
   * Called for each error that a goroutine did not catch; the other goroutines continue. Without
   * it, such an error ends the run. An error in the main goroutine always ends the run.
   *
   * @param error the value that was thrown
   * @param goroutine the goroutine that it ended
   */
  onPanic?: (error: unknown, goroutine: Goroutine) => void;
  /**
   * Whether to throw {@linkcode DeadlockError} when every goroutine is asleep and no timer,
   * descriptor or promise can wake one; true by default. Under `run` the state must last for one
   * second, because a callback of the host may still use a channel; set it to false if such a
   * callback may come later than that. `runSync` detects a deadlock at once and ignores this
   * option.
   */
  detectDeadlock?: boolean;
  /**
   * Time limit for one turn of a goroutine, in milliseconds. A goroutine that runs longer without
   * yielding to others is reported to `onSlow`, or to `console.warn`, once it parks or ends: on one
   * thread nothing can interrupt it, so a goroutine that never parks is never reported. Off by
   * default, at no cost.
   *
   * @throws {RangeError} if it is not greater than 0
   */
  watchdog?: number;
  /** Called for each goroutine that exceeds `watchdog`. An error that it throws ends the run. */
  onSlow?: OnSlow;
  /**
   * Whether {@linkcode dump} reports where each goroutine of the run was started, and whether every
   * call of the library without `yield*`, which does nothing, is reported with its line by
   * `console.warn`; false by default. It adds about 1 us to each `go` and to each call on Bun, and
   * 5 us on Deno. Without it only `read`, `write`, `accept` and `sleep` are reported, and without
   * their line.
   */
  debug?: boolean;
  /**
   * Whether each goroutine has the values of `AsyncLocalStorage` that were set where it was
   * started, after every wait, as OpenTelemetry and loggers need them; false by default, at no
   * cost. With it, each turn of a goroutine enters the context of the host: `npm run bench:calls`
   * measures that. A value that a goroutine sets by `enterWith` lasts until its next wait; to set
   * one for a goroutine, start it in `storage.run`.
   */
  asyncContext?: boolean;
  /**
   * Part of the thread's time, from 0 to 1, that a run may spend looking for the next event instead
   * of sleeping; 0.05 by default, and 0 never spins. A sleep and a wake-up cost about 0.1 ms, so
   * while events follow each other more closely than a quarter of a millisecond the thread looks
   * again between the turns of the host's loop. An event found within 0.1 ms costs no more than the
   * sleep that it saves and is not counted; all other spinning is. Of several runs on a thread the
   * greatest share counts. `runSync`, whose own share counts, waits in the poller at half the cost:
   * for it an event is free within 0.05 ms.
   *
   * @throws {RangeError} when it is not from 0 to 1
   */
  spinShare?: number;
}

/** Marks a run without a main goroutine. @internal */
export interface RunKind extends RunOptions {
  /** "end": it is over when its last goroutine has ended. */
  readonly whenEmpty?: "end";
  /** The machine that it runs on, where there is more than one: a simulation's host. */
  readonly place?: object;
}

/** See the top of this file. */
export class Run {
  readonly scheduler: Scheduler;
  /** See {@linkcode RunOptions}. */
  readonly detectDeadlock: boolean;
  /** See {@linkcode RunOptions}. */
  readonly debug: boolean;
  /** See {@linkcode Owner}: not in the goroutine, which every field makes larger. */
  readonly sites: WeakMap<object, Error> | null;
  /** See {@linkcode RunOptions}. */
  readonly asyncContext: boolean;
  /** See {@linkcode RunKind}; null on the only machine there is. */
  readonly place: object | null;
  /** See {@linkcode RunOptions}. */
  readonly grace: number;
  /** See {@linkcode RunOptions}. */
  readonly spinShare: number | undefined;
  /** The error that ended it. */
  failure: { readonly error: unknown } | null = null;
  /** The value that main returned. */
  result: unknown;
  /** Whether it is completely over. */
  over = false;
  /** Called once, when it is over. */
  onOver: () => void = () => {};
  readonly #onPanic: RunOptions["onPanic"];
  readonly #endsEmpty: boolean;
  readonly #watchdog: Watchdog | null;
  #main: G | null = null;
  #newest: G | null = null;
  #living = 0;
  #daemons = 0;
  #holds = 0;
  #ending = false;
  #closed = false;
  readonly #graceTimer = new CallTimer(() => this.#lastCall());

  constructor(scheduler: Scheduler, options: RunKind = {}) {
    this.scheduler = scheduler;
    this.#endsEmpty = options.whenEmpty === "end";
    this.detectDeadlock = options.detectDeadlock ?? true;
    this.debug = options.debug ?? false;
    this.sites = this.debug ? new WeakMap() : null;
    this.asyncContext = options.asyncContext ?? false;
    this.place = options.place ?? null;
    this.grace = checkGrace(options.grace ?? DEFAULT_GRACE_MS);
    this.spinShare = checkSpinShare(options.spinShare);
    this.#onPanic = options.onPanic;
    const { watchdog, onSlow } = options;
    this.#watchdog = watchdog === undefined ? null : new Watchdog(this, watchdog, onSlow);
    if (this.#watchdog !== null) observe(scheduler, this.#watchdog);
    if (this.debug) debugBegan(scheduler);
    scheduler.runs.add(this);
  }

  /**
   * Whether it is over, or about to be: a goroutine started in it now is ended at once or never.
   */
  get ending(): boolean {
    return this.#ending;
  }

  /** Its goroutines, the newest first. */
  *goroutines(): Generator<G> {
    for (let g = this.#newest; g !== null; g = g.older) yield g;
  }

  /** Starts the main goroutine. */
  start(main: G): void {
    this.#main = main;
    this.scheduler.start(main);
  }

  /** Adds a goroutine; called by the scheduler. */
  add(g: G): void {
    if (g.kind === MEMBER) this.#living++;
    else this.#daemons++;
    if (this.sites !== null) this.sites.set(g, captureSite());
    if (this.asyncContext) g.wrap(inAsyncContext(g.body));
    g.older = this.#newest;
    if (this.#newest !== null) this.#newest.newer = g;
    this.#newest = g;
  }

  /**
   * Called by the scheduler when a goroutine has ended; `uncaught` if by an error that no goroutine
   * joined for.
   */
  ended(g: G, uncaught: boolean): void {
    this.#remove(g);
    if (uncaught && !g.outcome!.ok) this.#panic(g, g.outcome!.error);
    if (g === this.#main) {
      if (g.outcome!.ok) this.result = g.outcome!.value;
      if (this.failure === null) disown(this.result);
      this.end();
    } else if (this.#ending) {
      this.#settle();
    } else {
      this.#endIfEmpty();
    }
  }

  /** Keeps it from ending for want of goroutines, until {@linkcode Run.release}. */
  hold(): void {
    this.#holds++;
  }

  /** Undoes one {@linkcode Run.hold}. */
  release(): void {
    this.#holds--;
    this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.#endsEmpty && this.#living + this.#daemons + this.#holds === 0) this.end();
  }

  /** Ends it with `error`, unless it is already ending with another. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.end();
  }

  /** As {@linkcode fail}, but if it is ending already, waits for nothing any more. */
  collapse(error: unknown): void {
    if (!this.#ending) return this.fail(error);
    this.failure ??= { error };
    this.#lastCall();
    this.#leaveBehind(() => true);
    this.#settle();
  }

  /** Ends it. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    const until = now() + this.grace;
    this.#endAll();
    this.#settle();
    if (!this.over && until < Infinity) this.scheduler.timers.set(this.#graceTimer, until);
  }

  /**
   * Ends it as a machine that loses power does: no `finally` block runs, no descriptor is closed,
   * no timer that it set fires. {@linkcode TimerHeap.owner} must have named the timers' owners.
   *
   * @throws {PanicError} when a goroutine of this run calls it
   */
  crash(): void {
    if (this.over) return;
    if (this.scheduler.current?.run === this) throw new PanicError("a run crashes itself");
    this.#ending = this.#closed = true;
    const { timers } = this.scheduler;
    timers.stopOwned(this);
    timers.stop(this.#graceTimer);
    this.scheduler.source.forgetOwned(this);
    for (const g of [...this.goroutines()]) {
      if (g.status !== "dead") this.scheduler.abandon(g);
      this.#remove(g);
    }
    this.#finish();
  }

  #panic(g: G, error: unknown): void {
    nameGoroutine(error, g);
    if (this.#onPanic === undefined || g === this.#main) return this.fail(error);
    try {
      this.#onPanic(error, g);
    } catch (worse) {
      this.fail(worse);
    }
  }

  #remove(g: G): void {
    if (g.kind === MEMBER) this.#living--;
    else this.#daemons--;
    if (g.newer === null) this.#newest = g.older;
    else g.newer.older = g.older;
    if (g.older !== null) g.older.newer = g.newer;
    g.older = g.newer = null;
  }

  #endAll(): void {
    for (const g of [...this.goroutines()]) if (g.kind === MEMBER) this.scheduler.end(g);
  }

  /** The grace is over: sockets are closed under `finally` blocks, and all waits are cut short. */
  #lastCall(): void {
    this.#close();
    for (let i = 0; i < END_TRIES && this.#living > 0; i++) this.#endAll();
    // Goroutines that park again and again.
    this.#leaveBehind((g) => g.kind === MEMBER);
    // What `finally` blocks have opened after the others were closed.
    this.scheduler.source.closeOwned(this);
    this.#endBounded();
    this.#settle();
  }

  /** Ends what it has waited for until now; the end of a TLS close begins a close of the socket. */
  #endBounded(): void {
    for (let i = 0; i < END_TRIES; i++) {
      const bounded = [...this.goroutines()].filter((g) => g.kind === BOUNDED_DAEMON);
      if (bounded.length === 0) return;
      for (const g of bounded) this.scheduler.end(g);
    }
  }

  /** Drops the goroutines that `which` selects: their generators become garbage. */
  #leaveBehind(which: (g: G) => boolean): void {
    for (const g of [...this.goroutines()].filter(which)) {
      if (g.kind !== MEMBER) this.scheduler.end(g);
      if (g.status === "dead") continue;
      this.scheduler.abandon(g);
      this.#remove(g);
    }
  }

  #settle(): void {
    if (this.#living > 0 || this.over) return;
    this.#close();
    if (this.#daemons > 0 || this.#living > 0) return;
    // What was opened after that, by goroutines that the run has waited for.
    this.scheduler.source.closeOwned(this);
    if (this.#daemons > 0) return;
    this.scheduler.timers.stop(this.#graceTimer);
    this.#finish();
  }

  #finish(): void {
    this.over = true;
    if (this.debug) debugEnded(this.scheduler);
    if (this.#watchdog !== null) unobserve(this.scheduler, this.#watchdog);
    this.scheduler.runOver(this);
    this.onOver();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.scheduler.source.closeOwned(this);
  }
}

function checkGrace(ms: number): number {
  if (typeof ms === "number" && ms >= 0) return ms;
  throw new RangeError(
    `Cannot run as grace must be a number of milliseconds, 0 or more: current value is ${
      shown(ms)
    }`,
  );
}

function checkSpinShare(share: number | undefined): number | undefined {
  if (share === undefined || (typeof share === "number" && share >= 0 && share <= 1)) return share;
  throw new RangeError(
    `Cannot run as spinShare must be from 0 to 1: current value is ${shown(share)}`,
  );
}

/** Adds the goroutine's name to an error, which stays the same object. */
function nameGoroutine(error: unknown, g: G): void {
  if (!(error instanceof Error) || !Object.isExtensible(error) || "goroutine" in error) return;
  const value = `goroutine ${g.id} [${g.name}]`;
  // Enumerable, so that it is printed with the error.
  Object.defineProperty(error, "goroutine", { value, configurable: true, enumerable: true });
}
