// SPDX-License-Identifier: MIT
/** A pool of workers that do what would keep a thread from its connections. */
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

/** How long a worker may take to end that has no job any more, in milliseconds. */
const END_MS = 100;
/** How often it is looked whether all jobs are done. */
const LOOK_MS = 2;

/** The functions that a module exports. */
// deno-lint-ignore no-explicit-any
export type JobModule = Record<string, any>;

/** What a job gives: of a goroutine function what it returns, of a promise what it resolves to. */
export type JobResult<F> = F extends (...args: never[]) => infer R
  ? R extends Generator<unknown, infer T, unknown> ? T : Awaited<R>
  : unknown;

/** The arguments of a job. */
export type JobArguments<F> = F extends (...args: infer A) => unknown ? A : unknown[];

/** A job in words, for what a name and arguments do not say. */
export interface JobRequest<M extends JobModule, K extends keyof M & string> {
  /** The function that does it, by the name under which its module exports it. */
  name: K;
  /** What it is called with; it is copied, see the structured clone algorithm. */
  args?: JobArguments<M[K]>;
  /** Buffers among the arguments that are moved instead of being copied. */
  transfer?: ArrayBuffer[];
}

/** What a pool has done. */
export interface PoolCounters {
  /** Jobs that wait. */
  readonly queued: number;
  /** Jobs that are being done. */
  readonly running: number;
  /** Jobs that came to an end, if only by an error of their own. */
  readonly done: number;
  /** Jobs that were turned away, by the limit. */
  readonly shed: Readonly<Record<"queueLength" | "queueDelay", number>>;
}

/**
 * Workers that do jobs, as {@linkcode openWorkerPool} gives them.
 *
 * @typeParam M The module whose functions are the jobs.
 */
export class WorkerPool<M extends JobModule = JobModule> implements Disposable {
  readonly #options: CheckedPoolOptions;
  readonly #module: string;
  readonly #places: PoolSlot[];
  readonly #crew: WorkerGroup<PoolSlot>;
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
    this.#crew = new WorkerGroup(this.#places, options.restart, (place) => this.#tended(place));
  }

  /** Waits until every worker is up. Throws what keeps one from it. Parks. @internal */
  ready(): Routine<void> {
    return this.#crew.ready();
  }

  /** What it has done, and what it is at. */
  get counters(): PoolCounters {
    const running = this.#places.filter(({ job }) => job !== null).length;
    return { queued: this.#queue.length, running, done: this.#done, shed: { ...this.#shed } };
  }

  /**
   * Has a function of the module called in a worker, and gives its result. Parks until it is done.
   * A function* of the module is run as a goroutine there. If the goroutine that calls this is ended,
   * a job that waits is not done, and one that is being done can see it: {@linkcode jobCancelled}.
   *
   * @param name the function's name
   * @param args what it is called with; they are copied, as the result is
   * @throws the job's own error: a copy, with its `name`, `message`, `stack`, `code` and `cause`
   * @throws {OverloadError} when the queue is full or the wait was too long
   * @throws {TypeError} when an argument is wrong
   * @throws {WorkerEndedError} when the worker died of it; {@linkcode JobTimeoutError} when it took
   * too long; {@linkcode PoolClosedError}; a `DataCloneError` for what cannot be copied
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
   * As above, for a job with buffers that are moved.
   *
   * @param request its name, its arguments, and the buffers among them that are moved
   */
  submit<K extends keyof M & string>(request: JobRequest<M, K>): Routine<JobResult<M[K]>>;
  *submit(job: string | JobRequest<M, string>, ...args: unknown[]): Routine<never> {
    const request = typeof job === "string" ? { name: job, args } : checkRequest(job);
    if (this.#closed) throw new PoolClosedError();
    if (!this.#room.tryAcquire()) {
      if (this.#options.whenFull === "refuse") throw this.#overload("queueLength");
      yield* this.#room.acquire();
    }
    const number = this.#lastJob = (this.#lastJob + 1) | 0;
    const submitted = new Job(number, request.name, request.args ?? [], request.transfer ?? []);
    this.#queue.push(submitted);
    if (this.#closed) this.#drop(submitted, new PoolClosedError());
    this.#giveOut();
    try {
      while (submitted.outcome === null) yield scheduler.park("job");
    } finally {
      if (submitted.outcome === null) this.#cancel(submitted);
    }
    if (!submitted.outcome.ok) throw submitted.outcome.error;
    return submitted.outcome.value as never;
  }

  /**
   * Takes no new jobs, waits until those that it has are done, and ends the workers. Parks until
   * nothing of the pool is left.
   *
   * @param options `deadline`: milliseconds that it waits, 10,000 from the start; what is not done
   * by then fails with {@linkcode PoolClosedError}
   * @throws {TypeError} when the deadline is none
   */
  *shutdown(options: { deadline?: number } = {}): Routine<void> {
    const deadline = checkShutdown("shut down", options);
    this.#closed = true;
    const end = now() + deadline;
    while (this.#busy && now() < end) yield* sleep(LOOK_MS);
    this.#crew.stop();
    for (let job; (job = this.#queue.shift()) !== null;) this.#fail(job);
    for (const { job } of this.#places) job?.fail(new PoolClosedError());
    yield* this.#crew.end(END_MS);
  }

  /** Begins to end it at once. Never parks. */
  close(): void {
    if (this.#crew.stopping.err === null) go(() => this.shutdown({ deadline: 0 }));
  }

  /** As {@linkcode WorkerPool.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #busy(): boolean {
    return this.#queue.length > 0 || this.#places.some(({ job }) => job !== null);
  }

  #tended(place: PoolSlot): WorkerHooks {
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
    const stopping = this.#crew.stopping.err !== null;
    place.up = false;
    place.link = null;
    place.done()?.fail(stopping ? new PoolClosedError() : new WorkerEndedError(error));
    if (!stopping) this.#options.onWorkerEnd({ worker: place.id, error, restartIn });
    // With nobody left who could do them, nobody shall wait.
    if (restartIn === null && this.#places.every(({ link }) => link === null)) {
      this.#closed = true;
      for (let job; (job = this.#queue.shift()) !== null;) this.#fail(job);
    }
  }

  /** Has idle workers begin with what waits. */
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

/** A job that was described in words. Throws TypeError unless it is one. */
function checkRequest(
  request: { name: string; args?: unknown[]; transfer?: ArrayBuffer[] },
): { name: string; args?: unknown[]; transfer?: ArrayBuffer[] } {
  needObject("submit a job", "it", request);
  const { name, args = [], transfer = [] } = request;
  needString("submit a job", "its name", name);
  for (const [what, list] of Object.entries({ args, transfer })) {
    if (!Array.isArray(list)) throw wrongArgument("submit a job", what, "an array", list);
  }
  return request;
}

/**
 * Starts workers for jobs that take the processor for long. Parks until all are up. They end with the
 * pool, and at the latest with the run that opened it.
 *
 * @typeParam M The module's type, as `typeof import("./jobs.ts")`: then names and arguments of jobs
 * are checked.
 * @param module whose exported functions are the jobs, as `new URL("./jobs.ts", import.meta.url)`
 * @param options see {@linkcode PoolOptions}
 * @throws {TypeError} when an option is wrong, naming it; what loading the module throws
 * @example
 * ```ts
 * using pool = yield* openWorkerPool<typeof import("./jobs.ts")>(new URL("./jobs.ts", import.meta.url));
 * console.log(yield* pool.submit("fibonacci", 40));
 * ```
 */
export function* openWorkerPool<M extends JobModule = JobModule>(
  module: URL | string,
  options: PoolOptions = {},
): Routine<WorkerPool<M>> {
  const checked = checkPoolOptions("open a pool", options);
  return yield* upOrEnded(new WorkerPool<M>(moduleURL("open a pool", module), checked));
}

/**
 * The former name of {@linkcode openWorkerPool}.
 *
 * @deprecated Use {@linkcode openWorkerPool}; this name goes with version 0.3.
 */
export const openPool: typeof openWorkerPool = openWorkerPool;
