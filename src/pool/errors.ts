// SPDX-License-Identifier: MIT
/** Why a job has no result, where that is not the job's own error. */

/** A job was turned away, as there is more to do than can be done. */
export class OverloadError extends Error {
  /** "OverloadError". */
  override readonly name = "OverloadError";
  /** For callers that tell errors by their codes. */
  readonly code = "ERR_OVERLOAD";
  /** Trying again later may help. */
  readonly temporary = true;
  /** What was too long: the queue, or the wait in it. */
  readonly limit: "queueLength" | "queueDelay";
  /** @internal */
  constructor(limit: "queueLength" | "queueDelay") {
    super(`pool: ${limit === "queueLength" ? "the queue is full" : "the wait was too long"}`);
    this.limit = limit;
  }
}

/** The worker ended while it was at the job. The `cause` is what ended it, if anything told. */
export class WorkerEndedError extends Error {
  /** "WorkerEndedError". */
  override readonly name = "WorkerEndedError";
  /** For callers that tell errors by their codes. */
  readonly code = "ERR_WORKER_ENDED";
  /** @internal */
  constructor(cause: unknown) {
    super("pool: the worker ended while it was at the job", cause === null ? {} : { cause });
  }
}

/** The job took longer than it may, and its worker was terminated. */
export class JobTimeoutError extends Error {
  /** "JobTimeoutError". */
  override readonly name = "JobTimeoutError";
  /** As Node names it. */
  readonly code = "ETIMEDOUT";
  /** A time-out. */
  readonly timeout = true;
  /** @internal */
  constructor(ms: number) {
    super(`pool: the job took longer than ${ms} ms`);
  }
}

/** The pool was closed before the job was done. */
export class PoolClosedError extends Error {
  /** "PoolClosedError". */
  override readonly name = "PoolClosedError";
  /** For callers that tell errors by their codes. */
  readonly code = "ERR_POOL_CLOSED";
  /** @internal */
  constructor() {
    super("pool: closed");
  }
}
