// SPDX-License-Identifier: MIT
/** Goroutines that work on subtasks of a common task. Go: golang.org/x/sync/errgroup. */
import { wrongArgument } from "../validate/argument.ts";
import { PARK } from "../sched/park.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { background, type Context } from "../context/context.ts";
import { type CancelCauseFunc, withCancelCause } from "../context/with_cancel.ts";
import { Semaphore } from "./semaphore.ts";
import { bodyOf, currentRun, goPrimed } from "../sched/spawn.ts";
import { WaitGroup } from "./wait_group.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/**
 * Group of goroutines that work on subtasks of a common task. `wait` waits for all of them and
 * throws the first error, which also cancels the context so that the others can stop. Unlike
 * {@linkcode scope}, it does not end any goroutine. Go: `errgroup.Group`.
 *
 * @example
 * ```ts
 * const [group, ctx] = ErrGroup.withContext(background());
 * group.setLimit(10);
 * for (const url of urls) group.go(fetchOne, ctx, url);
 * yield* group.wait(); // throws the first error
 * ```
 */
export class ErrGroup {
  static {
    showAs(ErrGroup.prototype, (g) => `ErrGroup(${g.#active} goroutines)`);
  }

  /**
   * Context that is cancelled by the first error, with that error as its cause, or else when `wait`
   * returns.
   */
  readonly ctx: Context;
  readonly #cancel: CancelCauseFunc;
  readonly #wg = new WaitGroup();
  #slots: Semaphore | null = null;
  #active = 0;
  #failure: { readonly error: unknown } | null = null;

  /**
   * Creates a group without goroutines. Go: `errgroup.WithContext`.
   *
   * @param parent the parent of the group's context; `background()` by default
   */
  constructor(parent: Context = background()) {
    [this.ctx, this.#cancel] = withCancelCause(parent);
  }

  /** Returns a new group and its context. Go: `errgroup.WithContext`. */
  static withContext(parent: Context): [group: ErrGroup, ctx: Context] {
    const group = new ErrGroup(parent);
    return [group, group.ctx];
  }

  /**
   * Calls `f` in a new goroutine of the group. At the limit, that goroutine waits until another one
   * has ended. Never parks by itself; `yield* group.go(f)` parks until `f` has started, as Go's
   * `Go` does, which keeps a loop from starting goroutines faster than they run.
   *
   * @param f a `function*`, or a function that returns a {@linkcode Routine}
   * @param args arguments for `f`, which is called at once
   * @throws {TypeError} if `f` is not a `function*`
   */
  go<A extends unknown[]>(f: (...args: A) => Routine<unknown>, ...args: A): Routine<void> {
    const slots = this.#slots;
    const body = bodyOf("start a goroutine in an ErrGroup", f, args);
    const turn = slots === null || slots.tryAcquire() ? null : new WaitGroup();
    turn?.add(1);
    this.#active++;
    this.#wg.add(1);
    goPrimed(currentRun(), f.name, this.#member(body, slots, turn));
    return started(turn);
  }

  /**
   * Calls `f` in a new goroutine of the group, unless the group is at its limit. Returns true if
   * the goroutine was started. Never parks.
   */
  tryGo<A extends unknown[]>(f: (...args: A) => Routine<unknown>, ...args: A): boolean {
    const slots = this.#slots;
    if (slots !== null && !slots.tryAcquire()) return false;
    // The slot is certainly free when `go` acquires it again: no goroutine runs in between.
    slots?.release();
    this.go(f, ...args);
    return true;
  }

  /**
   * Limits the number of goroutines of the group that run at the same time. Never parks.
   *
   * @param n the limit; zero allows none, a negative number removes the limit
   * @throws {PanicError} if the group already has goroutines; {@linkcode TypeError} if `n` is not a
   * number
   */
  setLimit(n: number): void {
    if (this.#active > 0) {
      throw new PanicError(
        `errgroup: modify limit while ${this.#active} goroutines in the group are still active`,
      );
    }
    if (typeof n !== "number" || Number.isNaN(n)) {
      throw wrongArgument("set a limit", "n", "a number", n);
    }
    this.#slots = n < 0 ? null : new Semaphore(n);
  }

  /**
   * Waits until all goroutines of the group have ended, then cancels its context. Parks.
   *
   * @throws the first error of any of them
   */
  *wait(): Routine<void> {
    yield* this.#wg.wait();
    this.#cancel(this.#failure?.error);
    if (this.#failure !== null) throw this.#failure.error;
  }

  /**
   * The life of a goroutine of the group; `turn` is what it owes to those who wait for its start.
   */
  *#member(
    body: Routine<unknown>,
    slots: Semaphore | null,
    turn: WaitGroup | null,
  ): Routine<void> {
    let begun = turn === null;
    try {
      yield PARK;
      if (turn !== null) {
        yield* slots!.acquire();
        begun = true;
        turn.done();
      }
      yield* body;
    } catch (error) {
      if (this.#failure === null) {
        this.#failure = { error };
        this.#cancel(error);
      }
    } finally {
      if (begun) slots?.release();
      else turn!.done();
      this.#active--;
      this.#wg.done();
    }
  }
}

/** Waits for what {@linkcode ErrGroup.go} has put off. */
function* started(turn: WaitGroup | null): Routine<void> {
  if (turn !== null) yield* turn.wait();
}

notesCalls(ErrGroup.prototype, "group", "go", "wait");
