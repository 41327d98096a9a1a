// SPDX-License-Identifier: MIT
/** Place of a worker that runs jobs. */
import { scheduler } from "../sched/thread.ts";
import { CallTimer } from "../sched/timer_heap.ts";
import type { Job } from "./job_queue.ts";
import { JobTimeoutError } from "./errors.ts";
import * as P from "../worker/protocol.ts";
import type { WorkerThread } from "../worker/worker_thread.ts";
import { now } from "../sched/clock.ts";

/** See the top of this file. */
export class PoolSlot {
  readonly id: number;
  link: WorkerThread | null = null;
  /** Whether the worker is up. */
  up = false;
  /** Its current job. */
  job: Job | null = null;
  readonly #timeout: number;
  readonly #timer = new CallTimer(() => this.#expired());

  constructor(id: number, timeout: number) {
    this.id = id;
    this.#timeout = timeout;
  }

  /** Whether it can accept a job. */
  get idle(): boolean {
    return this.up && this.job === null && this.link!.up;
  }

  /** Posts a job to the worker. Arguments that cannot be cloned fail the job with a clear error. */
  give(job: Job): void {
    const { number, name, args, transfer } = job;
    try {
      this.link!.send({ type: "job", job: number, name, args }, transfer);
    } catch (error) {
      return job.fail(error);
    }
    this.job = job;
    if (this.#timeout !== Infinity) {
      scheduler.timers.set(this.#timer, now() + this.#timeout);
    }
  }

  /** Ends its current job, and returns that. */
  done(): Job | null {
    const { job } = this;
    this.job = null;
    scheduler.timers.stop(this.#timer);
    return job;
  }

  /** Notifies the worker that its job was cancelled. */
  cancel(job: Job): void {
    if (this.job !== job || this.link === null) return;
    Atomics.store(this.link.words, P.CANCELLED, job.number);
    this.link.wake();
  }

  #expired(): void {
    this.job?.fail(new JobTimeoutError(this.#timeout));
    this.link?.terminate();
  }
}
