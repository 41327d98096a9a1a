// SPDX-License-Identifier: MIT
import { PARK } from "../sched/park.ts";
/**
 * Structured concurrency: goroutines that cannot outlive the block that started them. Go has no
 * equivalent; the closest is an errgroup with a context that every goroutine observes. Here a
 * goroutine can be ended.
 *
 * The body is itself a goroutine of the scope, so the first error ends it too; the goroutine that
 * called `scope` only waits for all of them.
 */
import { type G, type Goroutine, PanicError, type Routine } from "../sched/goroutine.ts";
import { Joins } from "../sched/joins.ts";
import { scheduler } from "../sched/thread.ts";
import { uninterrupted } from "./uninterrupted.ts";
import { bodyOf, goPrimed } from "../sched/spawn.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { noted } from "../sched/calls.ts";

/** Starts the goroutines of a {@linkcode scope}; passed to its body. */
export class Scope {
  static {
    showAs(
      Scope.prototype,
      (s) =>
        `Scope(${s.#living} goroutines${s.#over ? ", over" : s.#cancelled ? ", cancelled" : ""})`,
    );
  }

  readonly #owner: G;
  /** Live goroutines that have not been ended. */
  readonly #going = new Set<G>();
  /** Number of live goroutines. */
  #living = 0;
  #failure: { readonly error: unknown } | null = null;
  #cancelled = false;
  #over = false;

  /** @internal */
  constructor(owner: G) {
    this.#owner = owner;
  }

  /**
   * Starts a goroutine of the scope. If the scope's goroutines are already being ended, the new one
   * is ended before it runs. Never parks.
   *
   * @param f a `function*`, or a function that returns a {@linkcode Routine}
   * @param args arguments for `f`, which is called at once
   * @returns its handle; an error of the goroutine is the scope's, whether or not it is joined
   * @throws {PanicError} if the scope has ended; {@linkcode TypeError} if `f` is not a `function*`
   */
  go<A extends unknown[], T>(f: (...args: A) => Routine<T>, ...args: A): Goroutine<T> {
    if (this.#over) throw new PanicError("go in a scope that has ended");
    const body = bodyOf("start a goroutine in a scope", f, args);
    const member = this.#member(body);
    const g = goPrimed(this.#owner.run, f.name, member);
    // However it is ended, from then on it runs its `finally` blocks.
    const end = member.return.bind(member);
    member.return = (value) => {
      this.#going.delete(g as G);
      return end(value);
    };
    // The owner waits for it, so it is woken at its end, and its error is not uncaught.
    (g.joins ??= new Joins()).parked.add(this.#owner);
    this.#living++;
    this.#going.add(g as G);
    if (this.#cancelled) this.#endThose([g as G]);
    return g;
  }

  /**
   * Waits until all have ended.
   * @internal
   */
  *wait(): Routine<void> {
    while (this.#living > 0) {
      yield scheduler.park("scope");
      // A goroutine that was running when the others were ended is ended now.
      if (this.#cancelled && this.#going.size > 0) this.#endThose([...this.#going]);
    }
  }

  /**
   * Ends all that live.
   * @internal
   */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#endThose([...this.#going].reverse());
  }

  /**
   * Waits until all have ended, and throws the first error.
   * @internal
   */
  *over(): Routine<void> {
    yield* this.wait();
    this.#over = true;
    if (this.#failure !== null) throw this.#failure.error;
  }

  *#member<T>(body: Routine<T>): Routine<T> {
    try {
      yield PARK;
      return yield* body;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#living--;
      this.#going.delete(scheduler.current!);
      if (this.#failure !== null) this.cancel();
    }
  }

  /** Ends each once: a goroutine that parks in its `finally` blocks is not disturbed there. */
  #endThose(members: G[]): void {
    for (const g of members) {
      // A running goroutine caused this call; it is ended once the owner wakes.
      if (this.#going.has(g) && g.status !== "running") scheduler.end(g);
    }
  }
}

/**
 * Calls `body`, which starts goroutines with `s.go`, and waits until the body and all of them have
 * ended. Parks.
 *
 * The first error in any of them ends the others, including the body: their `finally` blocks run.
 * If the calling goroutine is ended, so are they, and it still waits for them.
 *
 * @param body a `function*` that receives the scope
 * @returns the value that `body` returned
 * @throws the first error
 * @example
 * ```ts
 * const [a, b] = yield* scope(function* (s) {
 *   const a = s.go(fetchOne, "a");
 *   const b = s.go(fetchOne, "b");
 *   return [yield* a.join(), yield* b.join()];
 * });
 * ```
 */
export function scope<T>(body: (s: Scope) => Routine<T>): Routine<T> {
  return noted("scope", scoped(body));
}

function* scoped<T>(body: (s: Scope) => Routine<T>): Routine<T> {
  const owner = scheduler.current;
  if (owner === null) throw new PanicError("scope outside a goroutine");
  const s = new Scope(owner);
  const main = s.go(body, s);
  let ended = true;
  try {
    yield* s.over();
    ended = false;
  } finally {
    // After an error there is nothing left to end, and it is thrown again.
    if (ended) {
      s.cancel();
      yield* uninterrupted(s.over());
    }
  }
  return yield* main.join();
}

refuseAwait(scoped.prototype, "scope");

notesCalls(Scope.prototype, "scope", "wait", "over");
