// SPDX-License-Identifier: MIT
/** Jobs that wait for a worker: first come, first served, for a bounded time. */
import type { Waitable } from "../sched/park.ts";
import type { G } from "../sched/goroutine.ts";
import { LinkedQueue } from "../sched/linked_queue.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import type { QueueDelay } from "./options.ts";
import { now } from "../sched/clock.ts";

/** A job and who waits for it. */
export class Job implements Waitable {
  readonly number: number;
  /** The function that does it. */
  readonly name: string;
  readonly args: unknown[];
  /** What is moved to the worker instead of being copied. */
  readonly transfer: ArrayBuffer[];
  /** The goroutine that submitted it. */
  readonly #g: G = scheduler.current!;
  /** When it began to wait, in milliseconds of `performance.now()`. */
  readonly since: number = now();
  /** What came of it; null while nothing has. */
  outcome: { readonly ok: true; readonly value: unknown } | {
    readonly ok: false;
    readonly error: unknown;
  } | null = null;

  constructor(number: number, name: string, args: unknown[], transfer: ArrayBuffer[]) {
    this.number = number;
    this.name = name;
    this.args = args;
    this.transfer = transfer;
  }

  /** It is done. */
  succeed(value: unknown): void {
    this.#settle({ ok: true, value });
  }

  /** It will not be done. */
  fail(error: unknown): void {
    this.#settle({ ok: false, error });
  }

  describe(): string {
    return `job ${this.number}: ${this.name}`;
  }

  /** The worker has done it. */
  settled(): boolean {
    return this.outcome !== null;
  }

  #settle(outcome: NonNullable<Job["outcome"]>): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    scheduler.ready(this.#g);
  }
}

/** See the top of this file. */
export class JobQueue {
  readonly #jobs: LinkedQueue<Job> = new LinkedQueue();
  readonly #delay: Required<QueueDelay> | null;
  readonly #shed: (job: Job) => void;
  readonly #timer = new CallTimer(() => this.#shedLate());
  /** When the queue was empty last. */
  #emptyAt = now();

  /** `shed` is called for each that has waited for too long, and is out of the queue by then. */
  constructor(delay: Required<QueueDelay> | null, shed: (job: Job) => void) {
    this.#delay = delay;
    this.#shed = shed;
  }

  /** How many wait. */
  get length(): number {
    return this.#jobs.size;
  }

  /** Puts one at the end. */
  push(job: Job): void {
    if (this.#jobs.size === 0) this.#emptyAt = now();
    this.#jobs.push(job);
    this.#setTimer();
  }

  /** Takes the first out; null if there is none. */
  shift(): Job | null {
    const job = this.#jobs.first;
    if (job !== null) this.delete(job);
    return job;
  }

  /** Takes one out; gives false if it was not in. */
  delete(job: Job): boolean {
    const was = this.#jobs.delete(job);
    if (this.#jobs.size === 0) this.#emptyAt = now();
    this.#setTimer();
    return was;
  }

  #shedLate(): void {
    const at = now();
    for (let job; (job = this.#jobs.first) !== null && this.#due(job) <= at;) {
      this.delete(job);
      this.#shed(job);
    }
    this.#setTimer();
  }

  /** When it has waited for too long: `target`, but in a queue that was empty of late longer. */
  #due(job: Job): number {
    const { target, interval } = this.#delay!;
    return Math.max(job.since + target, this.#emptyAt + interval);
  }

  #setTimer(): void {
    if (this.#delay === null) return;
    const { first } = this.#jobs;
    if (first === null) scheduler.timers.stop(this.#timer);
    else scheduler.timers.set(this.#timer, this.#due(first));
  }
}
