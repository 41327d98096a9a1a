// SPDX-License-Identifier: MIT
/**
 * A call that mostly needs no waiting: what `yield*` drives when a goroutine reads a line.
 *
 * A generator per line would cost as much as finding the line. This object is its own iterator and
 * its own result (`done` and `value` are what `yield*` reads), and its reader uses it again for the
 * next call. Only a call that must wait creates a generator. States:
 *
 *   unused   of no call                  -> fresh, by `take`
 *   fresh    of a call not yet driven    -> unused, if `quick` completes it; else waiting
 *   waiting  its generator is under way  -> unused
 */
import type { G, Routine } from "../sched/goroutine.ts";
import { PARK } from "../sched/park.ts";
import { DONE } from "../sched/step.ts";
import { scheduler } from "../sched/thread.ts";

const UNUSED = 0;
const FRESH = 1;
const WAITING = 2;

/** Result of `next` and `return`. */
interface Step {
  readonly done?: boolean;
  readonly value: unknown;
}

/** See the top of this file. */
export abstract class QuickCall<T> {
  // `yield*` reads these two first: they come first in memory.
  /** True when the call is over. */
  done = false;
  /** Result of the call, or PARK until then. */
  value: unknown = PARK;
  private state = UNUSED;
  private rest: Routine<T> | null = null;
  /** Goroutine that drives `rest`. */
  private goroutine: G | null = null;

  /**
   * Completes the call if it need not wait; otherwise returns undefined without consuming anything.
   */
  protected abstract quick(): T | undefined;
  /** Completes a call that `quick` could not. Parks. */
  protected abstract slow(): Routine<T>;

  /** True if it may be reused for another call. */
  get unused(): boolean {
    return this.state === UNUSED;
  }

  /** Starts a call and returns it, for `yield*` to drive. */
  protected take(): Routine<T> {
    this.state = FRESH;
    this.done = false;
    this.value = PARK;
    return this as unknown as Routine<T>;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Continues until the call is over or must wait. */
  next(): Step {
    if (this.reused) return DONE;
    if (this.state === FRESH) {
      // Set in advance: an error of `quick` ends the call as well.
      this.state = UNUSED;
      const result = this.quick();
      if (result !== undefined) return this.end(result);
      this.rest = this.slow();
      this.goroutine = scheduler.current;
      this.state = WAITING;
    }
    if (this.state === UNUSED) return this.end(undefined);
    return this.drive(() => this.rest!.next());
  }

  /** Ends the call: received bytes stay buffered. */
  return(value?: unknown): Step {
    if (this.reused) return DONE;
    if (this.state !== WAITING) return this.end(value);
    return this.drive(() => this.rest!.return(value as T));
  }

  /** As `return`, with an error. */
  throw(error: unknown): Step {
    if (this.state === WAITING) return this.drive(() => this.rest!.throw(error));
    this.end(undefined);
    throw error;
  }

  /** True if it serves another goroutine by now: to its former caller the call is over. */
  private get reused(): boolean {
    return this.state === WAITING && this.goroutine !== scheduler.current;
  }

  private drive(resume: () => Step): Step {
    let step: Step;
    try {
      step = resume();
    } catch (error) {
      this.end(undefined);
      throw error;
    }
    if (step.done) return this.end(step.value);
    this.value = step.value;
    return this;
  }

  private end(value: unknown): this {
    this.state = UNUSED;
    this.rest = null;
    this.goroutine = null;
    this.done = true;
    this.value = value;
    return this;
  }
}
