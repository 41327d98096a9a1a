// SPDX-License-Identifier: MIT
/** Goroutines that work on parts of one task. Go: golang.org/x/sync/errgroup. */
import { wrongArgument } from "../validate/argument.ts";
import { PARK } from "../sched/park.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { background, type Context } from "../context/context.ts";
import { type CancelCauseFunc, withCancelCause } from "../context/with_cancel.ts";
import { Semaphore } from "./semaphore.ts";
import { bodyOf, currentRun, goPrimed } from "../sched/spawn.ts";
import { WaitGroup } from "./wait_group.ts";

/**
 * Starts goroutines, waits for all, and gives the first error: that cancels the context, so that the
 * others may give up. Unlike {@linkcode scope} it ends nobody. Go: `errgroup.Group`.
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
  /** Cancelled at the first error, which is its cause, and at the latest when `wait` returns. */
  readonly ctx: Context;
  readonly #cancel: CancelCauseFunc;
  readonly #wg = new WaitGroup();
  #slots: Semaphore | null = null;
  #active = 0;
  #failure: { readonly error: unknown } | null = null;

  /**
   * A group without goroutines. Go: `errgroup.WithContext`.
   *
   * @param parent what its context is derived from
   */
  constructor(parent: Context = background()) {
    [this.ctx, this.#cancel] = withCancelCause(parent);
  }

  /** A group and its context. Go: `errgroup.WithContext`. */
  static withContext(parent: Context): [group: ErrGroup, ctx: Context] {
    const group = new ErrGroup(parent);
    return [group, group.ctx];
  }

  /**
   * Calls `f` in a goroutine of the group. At the limit the goroutine waits until another has ended.
   * Never parks by itself; `yield* group.go(f)` waits until `f` was started, as Go's does, and keeps
   * one who starts more and more from running ahead.
   *
   * @param f a `function*`, or a function that returns what one returns
   * @param args what `f` is called with, at once
   * @throws {TypeError} when `f` is not a `function*`
   */
  go<A extends unknown[]>(f: (...args: A) => Routine<unknown>, ...args: A): Routine<void> {
    const slots = this.#slots;
    const body = bodyOf("go in an ErrGroup", f, args);
    const turn = slots === null || slots.tryAcquire() ? null : new WaitGroup();
    turn?.add(1);
    this.#active++;
    this.#wg.add(1);
    goPrimed(currentRun(), f.name, this.#member(body, slots, turn));
    return started(turn);
  }

  /** Calls `f` in a goroutine of the group unless that is at its limit. Gives whether. Never parks. */
  tryGo<A extends unknown[]>(f: (...args: A) => Routine<unknown>, ...args: A): boolean {
    const slots = this.#slots;
    if (slots !== null && !slots.tryAcquire()) return false;
    // It is free for certain when `go` takes it again: nobody runs in between.
    slots?.release();
    this.go(f, ...args);
    return true;
  }

  /**
   * Sets how many goroutines of the group work at the same time. Never parks.
   *
   * @param n zero lets none; a negative number lets all
   * @throws {PanicError} when the group has goroutines already; {@linkcode TypeError} for no number
   */
  setLimit(n: number): void {
    if (this.#active > 0) {
      throw new PanicError(
        `errgroup: modify limit while ${this.#active} goroutines in the group are still active`,
      );
    }
    if (typeof n !== "number" || Number.isNaN(n)) {
      throw wrongArgument("set a limit", "it", "a number", n);
    }
    this.#slots = n < 0 ? null : new Semaphore(n);
  }

  /**
   * Waits until all goroutines of the group have ended, and cancels its context. Parks.
   *
   * @throws the first error of one of them
   */
  *wait(): Routine<void> {
    yield* this.#wg.wait();
    this.#cancel(this.#failure?.error);
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** The life of a goroutine of the group; `turn` is what it owes to those who wait for its start. */
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
