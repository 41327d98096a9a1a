// SPDX-License-Identifier: MIT
/** Yielding and sleeping. Go: runtime.Gosched and time.Sleep. */
import { shown } from "../validate/argument.ts";
import { now } from "./clock.ts";
import type { G, Routine } from "./goroutine.ts";
import { cannotPark, refuseAwait } from "./misuse.ts";
import { DONE, letOthersRun, park, type Step } from "./step.ts";
import { scheduler } from "./thread.ts";
import { type HeapTimer, NO_SLOT } from "./timer_heap.ts";
import { callDriven, callMade, noted } from "./calls.ts";

/** One instance serves all calls: its state is kept in the goroutine. */
class Gosched {
  next(): Step<void> {
    const g = scheduler.current;
    if (g === null) throw cannotPark(null, "gosched");
    g.gaveWay = !g.gaveWay;
    return g.gaveWay ? letOthersRun() : DONE;
  }

  return(): Step<void> {
    scheduler.current!.gaveWay = false;
    return { done: true, value: undefined };
  }

  throw(error: unknown): Step<void> {
    scheduler.current!.gaveWay = false;
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }
}

refuseAwait(Gosched.prototype, "gosched");

const GOSCHED = new Gosched() as unknown as Routine<void>;

/**
 * Yields to the other runnable goroutines. Parks. Go: `runtime.Gosched`.
 *
 * @example
 * ```ts
 * for (const item of items) { work(item); yield* gosched(); }
 * ```
 */
export function gosched(): Routine<void> {
  return noted("gosched", GOSCHED);
}

/** One sleep: the timer, and what `yield*` runs. */
class Sleep implements HeapTimer {
  slot = NO_SLOT;
  readonly #ms: number;
  #g: G | null = null;

  constructor(ms: number) {
    this.#ms = ms;
    callMade(this);
  }

  next(): Step<void> {
    if (this.#g === null) {
      callDriven(this);
      this.#g = scheduler.current!;
      scheduler.timers.set(this, now() + this.#ms);
    } else if (this.slot === NO_SLOT) return DONE;
    return park("sleep", null, this);
  }

  return(): Step<void> {
    scheduler.timers.stop(this);
    return { done: true, value: undefined };
  }

  throw(error: unknown): Step<void> {
    scheduler.timers.stop(this);
    throw error;
  }

  fire(): void {
    scheduler.ready(this.#g!);
  }

  [Symbol.iterator](): this {
    return this;
  }
}

refuseAwait(Sleep.prototype, "sleep");

/**
 * Waits for `ms` milliseconds. Parks. Go: `time.Sleep`.
 *
 * @param ms milliseconds, may be fractional; zero or less only yields, like {@linkcode gosched}
 * @throws {RangeError} if `ms` is not a number
 * @example
 * ```ts
 * yield* sleep(2.5);
 * ```
 */
export function sleep(ms: number): Routine<void> {
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw new RangeError(
      `Cannot sleep as ms must be a number: current value is ${shown(ms)}`,
    );
  }
  return ms <= 0 ? gosched() : noted("sleep", new Sleep(ms) as unknown as Routine<void>);
}
