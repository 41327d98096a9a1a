// SPDX-License-Identifier: MIT
/** Jobs that wait for a worker: first come, first served, for a bounded time. */
import type { Waitable } from "../sched/park.ts";
import type { G } from "../sched/goroutine.ts";
import { LinkedQueue } from "../sched/linked_queue.ts";
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import type { QueueDelay } from "./options.ts";
import { now } from "../sched/clock.ts";

/** A job and its submitter. */
export class Job implements Waitable {
  readonly number: number;
  /** Name of its function. */
  readonly name: string;
  readonly args: unknown[];
  /** Buffers to transfer to the worker instead of copying. */
  readonly transfer: ArrayBuffer[];
  /** The goroutine that submitted it. */
  readonly #g: G = scheduler.current!;
  /** Start of its wait, in milliseconds of `performance.now()`. */
  readonly since: number = now();
  /** Its result; null until then. */
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

  /** Completes it with a value. */
  succeed(value: unknown): void {
    this.#settle({ ok: true, value });
  }

  /** Completes it with an error. */
  fail(error: unknown): void {
    this.#settle({ ok: false, error });
  }

  describe(): string {
    return `job ${this.number}: ${this.name}`;
  }

  /** Completes it with the worker's reply. */
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
  /** Time when the queue was last empty. */
  #emptyAt = now();

  /** `shed` is called for each job that has waited for too long, after its removal. */
  constructor(delay: Required<QueueDelay> | null, shed: (job: Job) => void) {
    this.#delay = delay;
    this.#shed = shed;
  }

  /** Number of waiting jobs. */
  get length(): number {
    return this.#jobs.size;
  }

  /** Appends a job. */
  push(job: Job): void {
    if (this.#jobs.size === 0) this.#emptyAt = now();
    this.#jobs.push(job);
    this.#setTimer();
  }

  /** Removes and returns the first job; null if there is none. */
  shift(): Job | null {
    const job = this.#jobs.first;
    if (job !== null) this.delete(job);
    return job;
  }

  /** Removes a job; returns false if it was not in the queue. */
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

  /**
   * Returns when a job has waited for too long: after `target`, or longer if the queue was empty
   * lately.
   */
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
