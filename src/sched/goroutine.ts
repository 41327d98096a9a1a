// SPDX-License-Identifier: MIT
/**
 * The goroutine: a generator and its scheduling state. Go: runtime/runtime2.go, type g.
 *
 * A goroutine is in one of four states. Only the scheduler moves it.
 *
 *   runnable  in the run queue                 -> running, by the scheduler's loop
 *   running   its generator is executing       -> waiting, by park; runnable, by gosched; dead
 *   waiting   something else will ready it     -> runnable, by ready
 *   dead      returned, threw, or was ended
 */
import { Joins, type Outcome } from "./joins.ts";
import type { Owner } from "./owner.ts";
import type { Park, Waitable } from "./park.ts";
import type { HeapTimer } from "./timer_heap.ts";
import { registerState } from "./thread_state.ts";
import { AnyGenerator } from "./generator.ts";
import { showAs } from "../validate/one_line.ts";

/**
 * Body of a function that may park: the return type of a `function*`. Call such a function with
 * `yield*`.
 *
 * @typeParam T the value that the call returns
 */
export interface Routine<T> extends Generator<Park, T, void> {
  /**
   * Does not exist: it makes `await` of a call a type error, as a call is not a promise. Call it
   * with `yield*`.
   */
  then?: (useYieldStar: never) => never;
}
/** State of a goroutine: in the run queue, executing, parked, or ended. */
export type GoroutineStatus = "runnable" | "running" | "waiting" | "dead";

/** The states as numbers, which the scheduler compares several times a turn. */
export const RUNNABLE = 0;
/** See RUNNABLE. */
export const RUNNING = 1;
/** See RUNNABLE. */
export const WAITING = 2;
/** See RUNNABLE. */
export const DEAD = 3;

/** A goroutine that its run ends. */
export const MEMBER = 0;
/** A goroutine that its run waits for, however long that takes: it ends by itself. */
export const DAEMON = 1;
/** A goroutine that its run waits for until the grace is over, and ends then. */
export const BOUNDED_DAEMON = 2;

/** Names of the states, by number. */
const STATUS: readonly GoroutineStatus[] = ["runnable", "running", "waiting", "dead"];

let lastId = 0;

registerState("goroutine ids", {
  fresh: () => 0,
  save: () => lastId,
  restore: (state) => lastId = state,
});

/**
 * Handle of a goroutine, as {@linkcode go} returns it.
 *
 * @typeParam T the value that the goroutine's function returns
 */
export interface Goroutine<T = unknown> {
  /** Number of the goroutine, unique on this thread. */
  readonly id: number;
  /** Name of the function that it runs. */
  readonly name: string;
  /** Current state. */
  readonly status: GoroutineStatus;
  /** Reason of the current wait, in Go's words ("IO wait", "sleep"); empty while not waiting. */
  readonly waitReason: string;
  /**
   * Start of the current wait, in milliseconds of `performance.now()`, accurate to one turn of the
   * scheduler.
   */
  readonly waitSince: number;
  /**
   * Waits until the goroutine has ended and returns its result. Parks.
   *
   * An error that ends a goroutine is thrown by a `join` that was already waiting, and then counts
   * as caught; otherwise it is an uncaught error of that goroutine. Joining a goroutine that has
   * already ended returns its result, or throws its error, at once. Go has no equivalent; it would
   * use a channel.
   *
   * @throws the error that ended the goroutine; {@linkcode PanicError} if a goroutine joins itself
   * @example
   * ```ts
   * const sum = go(function* () { return 1 + 2; });
   * console.log(yield* sum.join()); // 3
   * ```
   */
  join(): Routine<T>;
  /**
   * Promise of the result, for code outside the goroutines; the same one at each access. From its
   * first access it counts as a waiting `join`: it rejects with the error that ends the goroutine,
   * which is then no uncaught error, whether or not the promise is awaited. The handle itself is no
   * promise, so an `async` function can return it. Under `runSync` the promise settles, but its
   * callbacks run only after the end.
   *
   * @example
   * ```ts
   * const sum = await go(function* () { return 1 + 2; }).promise;
   * ```
   */
  readonly promise: Promise<T>;
}

/** The run that owns a goroutine. */
export type RunOwner = Owner<G>;

/** A goroutine, as the scheduler and its neighbors see it; users see a {@linkcode Goroutine}. */
export class G<T = unknown> implements Goroutine<T>, Waitable {
  // Fields that every switch touches come first: they lie in memory in this order.
  /** Its state: RUNNABLE, RUNNING, WAITING or DEAD. */
  state: number = RUNNABLE;
  /** Whether it is linked into a run queue, even if it has since been ended. */
  queued = false;
  /** Whether its body is a generator of the language, whose `next` need not be looked up. */
  plain: boolean;
  /** Link of the run queue. */
  next: G | null = null;
  /** Its body. */
  body: Routine<T>;
  /** Wait reason while it is waiting, in Go's words: "IO wait", "sleep". */
  waitReason = "";
  /**
   * Start of its wait, in milliseconds of `performance.now()`, accurate to one turn of the
   * scheduler.
   */
  waitSince = 0;
  /** The object it waits for, if that has a name. */
  waitOn: Waitable | null = null;
  /** Its number, unique on this thread. */
  readonly id: number = ++lastId;
  /** The name of the function that it runs. */
  readonly name: string;
  /** How it ended; null while it lives. */
  outcome: Outcome<T> | null = null;
  /** The run that it belongs to. */
  readonly run: RunOwner;
  /** Links of the run's list of goroutines. */
  older: G | null = null;
  /** See `older`. */
  newer: G | null = null;
  /** Goroutines and host code that wait for its end; null without any. */
  joins: Joins<G> | null = null;
  /** Timer that ends it again if its `finally` blocks take too long; null until it was ended. */
  grace: HeapTimer | null = null;
  /** Whether it is inside `gosched`. */
  gaveWay = false;
  /**
   * Whether its run waits for it instead of ending it: {@linkcode MEMBER} or one of the daemons.
   */
  kind: number = MEMBER;

  /** `plain` as the field, for a caller that knows it. */
  constructor(
    run: RunOwner,
    name: string,
    body: Routine<T>,
    plain: boolean = body instanceof AnyGenerator,
  ) {
    this.run = run;
    this.name = name;
    this.body = body;
    this.plain = plain;
  }

  /** Puts `body` around the one that it has. */
  wrap(body: Routine<T>): void {
    this.body = body;
    this.plain = body instanceof AnyGenerator;
  }

  /** Where it was started, if its run records that. */
  get site(): Error | null {
    return this.run.sites?.get(this) ?? null;
  }

  /** Its state. */
  get status(): GoroutineStatus {
    return STATUS[this.state];
  }

  describe(): string {
    return `goroutine ${this.id}: ${this.name}`;
  }

  /** An error that ended it counts as caught by a waiting `join`, which must throw it. */
  settled(): boolean {
    return this.outcome !== null;
  }

  /** See {@linkcode Goroutine.join}. */
  *join(): Routine<T> {
    const { scheduler } = this.run;
    const { current } = scheduler;
    if (current === null) throw new PanicError("join outside a goroutine");
    if ((current as unknown) === this) throw new PanicError("goroutine joins itself");
    if (this.outcome !== null && scheduler.budget-- <= 0) yield scheduler.yieldNow();
    while (this.outcome === null) {
      (this.joins ??= new Joins()).parked.add(current);
      try {
        yield scheduler.park("join", this as G);
      } finally {
        // Ended while it waited: it must not keep an error from being reported.
        if (this.outcome === null) this.joins?.parked.delete(current);
      }
    }
    if (this.outcome.ok) return this.outcome.value;
    throw this.outcome.error;
  }

  /** See {@linkcode Goroutine.promise}. */
  get promise(): Promise<T> {
    const { outcome } = this;
    this.joins ??= new Joins();
    return this.joins.promise(outcome === ENDED ? endedIn(this.run) : outcome) as Promise<T>;
  }
}

/**
 * Thrown when a rule of the library is violated, where Go would panic. The message is Go's where Go
 * has one.
 */
export class PanicError extends Error {
  /** "PanicError". */
  override readonly name = "PanicError";
}

/** Error of a goroutine that was ended by its run or scope; `join` throws it. */
export const ENDED: Outcome<never> = {
  ok: false,
  /** Creates one for each `join`, with that call's stack. */
  get error(): PanicError {
    return new PanicError("the goroutine was ended");
  },
};

/** {@linkcode ENDED} for the host's code: its cause is the error that ended the run. */
export function endedIn({ failure }: RunOwner): Outcome<never> {
  const options = failure === null ? undefined : { cause: failure.error };
  return { ok: false, error: new PanicError("the goroutine was ended", options) };
}

showAs(G.prototype, ({ id, name, status, waitReason }) => {
  const state = status === "waiting" ? waitReason : status;
  return `goroutine ${id} [${state}]: ${name}`;
});
