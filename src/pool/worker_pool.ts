// SPDX-License-Identifier: MIT
/** A pool of worker threads for CPU-bound work. */
import { go, sleep } from "../sched/api.ts";
import { needObject, needString, wrongArgument } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { checkShutdown, upOrEnded, WorkerGroup } from "../worker/worker_group.ts";
import { Job, JobQueue } from "./job_queue.ts";
import { OverloadError, PoolClosedError, WorkerEndedError } from "./errors.ts";
import { type CheckedPoolOptions, checkPoolOptions, type PoolOptions } from "./options.ts";
import { PoolSlot } from "./pool_slot.ts";
import { unpack } from "../worker/error_codec.ts";
import type { ToMain } from "../worker/protocol.ts";
import { moduleURL } from "../worker/worker_options.ts";
import type { WorkerHooks } from "../worker/supervisor.ts";
import { type WorkerEnd, WorkerThread } from "../worker/worker_thread.ts";
import { now } from "../sched/clock.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { noted } from "../sched/calls.ts";

/** Grace of an idle worker at the end, in milliseconds. */
const END_MS = 100;
/** Job numbers: as many as a word of shared memory can hold. */
const MOST_JOBS = 0x7fffffff;
/** Interval at which the end of all jobs is checked. */
const LOOK_MS = 2;

/** The functions that a module exports. */
// deno-lint-ignore no-explicit-any
export type JobModule = Record<string, any>;

/** Result of a job: the return value of a `function*`, or the value a promise resolves to. */
export type JobResult<F> = F extends (...args: never[]) => infer R
  ? R extends Generator<unknown, infer T, unknown> ? T : Awaited<R>
  : unknown;

/** The arguments of a job. */
export type JobArguments<F> = F extends (...args: infer A) => unknown ? A : unknown[];

/** A job that needs more than a name and arguments. */
export interface JobRequest<M extends JobModule, K extends keyof M & string> {
  /** Name of the exported function. */
  name: K;
  /** Arguments, copied by the structured clone algorithm. */
  args?: JobArguments<M[K]>;
  /** Buffers among the arguments to transfer instead of copying. */
  transfer?: ArrayBuffer[];
}

/** Counters of a pool. */
export interface PoolCounters {
  /** Jobs in the queue. */
  readonly queued: number;
  /** Running jobs. */
  readonly running: number;
  /** Completed jobs, including those that threw. */
  readonly done: number;
  /** Rejected jobs, by limit. */
  readonly shed: Readonly<Record<"queueLength" | "queueDelay", number>>;
}

/**
 * Pool of worker threads, as {@linkcode openWorkerPool} returns it.
 *
 * @typeParam M the module that exports the jobs
 */
export class WorkerPool<M extends JobModule = JobModule> implements Disposable {
  readonly #options: CheckedPoolOptions;
  readonly #module: string;
  readonly #places: PoolSlot[];
  readonly #group: WorkerGroup<PoolSlot>;
  readonly #queue: JobQueue;
  readonly #room: Semaphore;
  readonly #shed = { queueLength: 0, queueDelay: 0 };
  #lastJob = 0;
  #done = 0;
  #closed = false;

  /** @internal */
  constructor(module: string, options: CheckedPoolOptions) {
    this.#options = options;
    this.#module = module;
    this.#room = new Semaphore(options.queueLength);
    this.#queue = new JobQueue(options.queueDelay, (job) => {
      this.#room.release();
      job.fail(this.#overload("queueDelay"));
    });
    this.#places = Array.from(
      { length: options.workers },
      (_, id) => new PoolSlot(id, options.jobTimeout),
    );
    this.#group = new WorkerGroup(this.#places, options.restart, (place) => this.#hooks(place));
  }

  /**
   * Waits until every worker is up. Throws the error of one that failed to start. Parks. @internal
   */
  ready(): Routine<void> {
    return this.#group.ready();
  }

  /** Counters of completed, running and queued jobs. */
  get counters(): PoolCounters {
    const running = this.#places.filter(({ job }) => job !== null).length;
    return { queued: this.#queue.length, running, done: this.#done, shed: { ...this.#shed } };
  }

  /**
   * Calls an exported function of the module in a worker, and returns its result. Parks until the
   * job is done. A `function*` runs as a goroutine there. If the calling goroutine is ended, a
   * queued job is dropped, and a running one can check {@linkcode jobCancelled}.
   *
   * @param name name of the exported function
   * @param args its arguments; they are copied, as is the result
   * @returns the result of the job
   * @throws the job's own error: a copy, with its `name`, `message`, `stack`, `code` and `cause`
   * @throws {OverloadError} if the queue is full, or the job waited too long
   * @throws {TypeError} for an invalid argument
   * @throws {WorkerEndedError} if the worker died; {@linkcode JobTimeoutError} if the job took too
   * long; {@linkcode PoolClosedError}; a `DataCloneError` for a value that cannot be copied
   * @example
   * ```ts
   * const digest = yield* pool.submit("scrypt", password, salt);
   * ```
   */
  submit<K extends keyof M & string>(
    name: K,
    ...args: JobArguments<M[K]>
  ): Routine<JobResult<M[K]>>;
  /**
   * Like the overload above, for a job with buffers to transfer.
   *
   * @param request the name, the arguments, and the buffers among them to transfer
   */
  submit<K extends keyof M & string>(request: JobRequest<M, K>): Routine<JobResult<M[K]>>;
  *submit(job: string | JobRequest<M, string>, ...args: unknown[]): Routine<never> {
    const request = typeof job === "string" ? { name: job, args } : checkRequest(job);
    if (this.#closed) throw new PoolClosedError();
    if (!this.#room.tryAcquire()) {
      if (this.#options.whenFull === "refuse") throw this.#overload("queueLength");
      yield* this.#room.acquire();
    }
    // Never 0, which means that a worker is idle.
    const number = this.#lastJob = this.#lastJob % MOST_JOBS + 1;
    const submitted = new Job(number, request.name, request.args ?? [], request.transfer ?? []);
    this.#queue.push(submitted);
    if (this.#closed) this.#drop(submitted, new PoolClosedError());
    this.#giveOut();
    try {
      while (submitted.outcome === null) yield scheduler.park("job", submitted);
    } finally {
      if (submitted.outcome === null) this.#cancel(submitted);
    }
    if (!submitted.outcome.ok) throw submitted.outcome.error;
    return submitted.outcome.value as never;
  }

  /**
   * Accepts no new jobs, waits until all jobs are done, and ends the workers. Parks until nothing
   * of the pool is left.
   *
   * @param options `deadline`: maximum wait in milliseconds, 10,000 by default; unfinished jobs
   * then fail with {@linkcode PoolClosedError}
   * @throws {TypeError} if the deadline is not a number
   */
  *shutdown(options: { deadline?: number } = {}): Routine<void> {
    const deadline = checkShutdown("shut down", options);
    this.#closed = true;
    const end = now() + deadline;
    while (this.#busy && now() < end) yield* sleep(LOOK_MS);
    this.#group.stop();
    for (let job; (job = this.#queue.shift()) !== null;) this.#fail(job);
    for (const { job } of this.#places) job?.fail(new PoolClosedError());
    yield* this.#group.end(END_MS);
  }

  /** Starts closing the pool. Never parks. */
  close(): void {
    if (this.#group.stopping.err === null) go(() => this.shutdown({ deadline: 0 }));
  }

  /** As {@linkcode WorkerPool.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #busy(): boolean {
    return this.#queue.length > 0 || this.#places.some(({ job }) => job !== null);
  }

  #hooks(place: PoolSlot): WorkerHooks {
    return {
      start: () => this.#start(place),
      take: (message) => this.#take(place, message),
      woken: () => {},
      ended: (end, restartIn) => this.#over(place, end, restartIn),
    };
  }

  #start(place: PoolSlot): WorkerThread {
    return place.link = new WorkerThread({
      kind: "pool",
      module: this.#module,
      name: "",
      worker: place.id,
      data: undefined,
      driver: this.#options.driver,
      survives: false,
      limits: {},
    });
  }

  #take(place: PoolSlot, message: ToMain): void {
    if (message.type === "up") place.up = true;
    else if (message.type !== "result" && message.type !== "failed") return;
    else {
      const job = place.done();
      this.#done++;
      if (message.type === "result") job?.succeed(message.value);
      else job?.fail(unpack(message.error));
    }
    this.#giveOut();
  }

  #over(place: PoolSlot, { error }: WorkerEnd, restartIn: number | null): void {
    const stopping = this.#group.stopping.err !== null;
    place.up = false;
    place.link = null;
    place.done()?.fail(stopping ? new PoolClosedError() : new WorkerEndedError(error));
    if (!stopping) this.#options.onWorkerEnd({ worker: place.id, error, restartIn });
    // Without a worker left to run them, waiting jobs fail at once.
    if (restartIn === null && this.#places.every(({ link }) => link === null)) {
      this.#closed = true;
      for (let job; (job = this.#queue.shift()) !== null;) this.#fail(job);
    }
  }

  /** Gives waiting jobs to idle workers. */
  #giveOut(): void {
    for (const place of this.#places) {
      while (place.idle) {
        const job = this.#queue.shift();
        if (job === null) return;
        this.#room.release();
        place.give(job);
      }
    }
  }

  #cancel(job: Job): void {
    if (this.#queue.delete(job)) this.#room.release();
    for (const place of this.#places) place.cancel(job);
  }

  #drop(job: Job, error: Error): void {
    this.#queue.delete(job);
    this.#room.release();
    job.fail(error);
  }

  #fail(job: Job): void {
    this.#room.release();
    job.fail(new PoolClosedError());
  }

  #overload(limit: "queueLength" | "queueDelay"): OverloadError {
    this.#shed[limit]++;
    this.#options.onShed(limit);
    return new OverloadError(limit);
  }
}

/** Checks a job that is described by an object. Throws TypeError unless it is valid. */
function checkRequest(
  request: { name: string; args?: unknown[]; transfer?: ArrayBuffer[] },
): { name: string; args?: unknown[]; transfer?: ArrayBuffer[] } {
  needObject("submit a job", "request", request);
  const { name, args = [], transfer = [] } = request;
  needString("submit a job", "name", name);
  for (const [what, list] of Object.entries({ args, transfer })) {
    if (!Array.isArray(list)) throw wrongArgument("submit a job", what, "an array", list);
  }
  return request;
}

/**
 * Starts worker threads for CPU-bound jobs. Parks until all of them are ready. They end with the
 * pool, and at the latest with the run that opened it.
 *
 * @typeParam M the type of the module, as `typeof import("./jobs.ts")`, so that names and arguments
 * of jobs are type-checked
 * @param module the module that exports the jobs, as `new URL("./jobs.ts", import.meta.url)`
 * @param options see {@linkcode PoolOptions}
 * @throws {TypeError} for an invalid option, naming it; the error of loading the module
 * @example
 * ```ts
 * using pool = yield* openWorkerPool<typeof import("./jobs.ts")>(new URL("./jobs.ts", import.meta.url));
 * console.log(yield* pool.submit("fibonacci", 40));
 * ```
 */
export function openWorkerPool<M extends JobModule = JobModule>(
  module: URL | string,
  options: PoolOptions = {},
): Routine<WorkerPool<M>> {
  return noted("openWorkerPool", opening(module, options));
}

function* opening<M extends JobModule = JobModule>(
  module: URL | string,
  options: PoolOptions,
): Routine<WorkerPool<M>> {
  const checked = checkPoolOptions("open a pool", options);
  return yield* upOrEnded(new WorkerPool<M>(moduleURL("open a pool", module), checked));
}

/**
 * Former name of {@linkcode openWorkerPool}.
 *
 * @deprecated Use {@linkcode openWorkerPool}. This name will be removed in version 0.3.
 */
export const openPool: typeof openWorkerPool = openWorkerPool;

notesCalls(WorkerPool.prototype, "pool", "ready", "submit", "shutdown");
