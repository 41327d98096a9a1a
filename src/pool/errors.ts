// SPDX-License-Identifier: MIT
/** Why a job has no result, other than an error of the job itself. */

/** Thrown when a job is rejected because the pool is overloaded. */
export class OverloadError extends Error {
  /** "OverloadError". */
  override readonly name = "OverloadError";
  /** Error code. */
  readonly code = "ERR_OVERLOAD";
  /** A retry may succeed later. */
  readonly temporary = true;
  /** The limit that was exceeded: the length of the queue, or the time in it. */
  readonly limit: "queueLength" | "queueDelay";
  /** @internal */
  constructor(limit: "queueLength" | "queueDelay") {
    super(`pool: ${limit === "queueLength" ? "the queue is full" : "the job waited too long"}`);
    this.limit = limit;
  }
}

/** Thrown when the worker ended while running the job. `cause` is what ended it, if known. */
export class WorkerEndedError extends Error {
  /** "WorkerEndedError". */
  override readonly name = "WorkerEndedError";
  /** Error code. */
  readonly code = "ERR_WORKER_ENDED";
  /** @internal */
  constructor(cause: unknown) {
    super("pool: the worker ended while running the job", cause === null ? {} : { cause });
  }
}

/** Thrown when a job exceeded its time limit; its worker was terminated. */
export class JobTimeoutError extends Error {
  /** "JobTimeoutError". */
  override readonly name = "JobTimeoutError";
  /** Error code, as in Node. */
  readonly code = "ETIMEDOUT";
  /** A timeout. */
  readonly timeout = true;
  /** @internal */
  constructor(ms: number) {
    super(`pool: the job took longer than ${ms} ms`);
  }
}

/** Thrown when the pool was closed before the job was done. */
export class PoolClosedError extends Error {
  /** "PoolClosedError". */
  override readonly name = "PoolClosedError";
  /** Error code. */
  readonly code = "ERR_POOL_CLOSED";
  /** @internal */
  constructor() {
    super("pool: closed");
  }
}
