// SPDX-License-Identifier: MIT
/** Waits for a group of goroutines to end. Go: sync/waitgroup.go. */
import { shown } from "../validate/argument.ts";
import { PARK } from "../sched/park.ts";
import { type Goroutine, PanicError, type Routine } from "../sched/goroutine.ts";
import { mayGoOn } from "../sched/step.ts";
import { scheduler } from "../sched/thread.ts";
import { bodyOf, currentRun, goPrimed } from "../sched/spawn.ts";
import { type Acquirable, Semacquire } from "./semacquire.ts";
import { WaitList } from "./wait_list.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/**
 * Waits for a number of goroutines to end. Go: `sync.WaitGroup`.
 *
 * @example
 * ```ts
 * const wg = new WaitGroup();
 * for (const url of urls) wg.go(fetchOne, url);
 * yield* wg.wait();
 * ```
 */
export class WaitGroup {
  static {
    showAs(WaitGroup.prototype, (wg) => `WaitGroup(${wg.#count})`);
  }

  #count = 0;
  readonly #zero: Acquirable = {
    reason: "sync.WaitGroup.Wait",
    waiters: new WaitList(),
    take: () => this.#count === 0,
    ended: () => {},
  };

  /**
   * Adds `delta` to the counter. When the counter becomes zero, all waiting goroutines continue.
   * Never parks.
   *
   * @param delta an integer, may be negative
   * @throws {PanicError} if the counter would become negative
   */
  add(delta: number): void {
    if (!Number.isInteger(delta)) {
      throw new RangeError(
        `Cannot add as delta must be an integer: current value is ${shown(delta)}`,
      );
    }
    if (this.#count + delta < 0) throw new PanicError("sync: negative WaitGroup counter");
    this.#count += delta;
    if (this.#count === 0) this.#zero.waiters.grantAll();
  }

  /** Decrements the counter. Never parks. */
  done(): void {
    this.add(-1);
  }

  /**
   * Starts a goroutine and counts it until it has ended: by returning, by an error, which is
   * uncaught as with {@linkcode go}, or because it was ended. Never parks.
   *
   * @param f a `function*`, or a function that returns a {@linkcode Routine}
   * @param args arguments for `f`, which is called at once
   * @throws {TypeError} if `f` is not a `function*`
   */
  go<A extends unknown[], T>(f: (...args: A) => Routine<T>, ...args: A): Goroutine<T> {
    const body = bodyOf("start a goroutine in a WaitGroup", f, args);
    this.add(1);
    return goPrimed(currentRun(), f.name, this.#member(body));
  }

  /**
   * Waits until the counter is zero. Parks.
   *
   * @throws {PanicError} if the counter rose again before this goroutine resumed
   */
  *wait(): Routine<void> {
    // Before the counter is looked at: meanwhile another goroutine may add to it.
    if (this.#count === 0 && !mayGoOn()) yield scheduler.yieldNow();
    if (this.#count === 0) return;
    yield* new Semacquire(this.#zero).begin();
    if (this.#count !== 0) {
      throw new PanicError("sync: WaitGroup is reused before previous Wait has returned");
    }
  }

  *#member<T>(body: Routine<T>): Routine<T> {
    try {
      yield PARK;
      return yield* body;
    } finally {
      this.done();
    }
  }
}

notesCalls(WaitGroup.prototype, "wg", "wait");
