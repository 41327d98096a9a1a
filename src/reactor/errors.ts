// SPDX-License-Identifier: MIT
/** Errors of a reactor. */

/**
 * Thrown when every worker has died and none is restarted. `cause` is what ended the last one, if
 * known.
 */
export class NoWorkersError extends Error {
  /** "NoWorkersError". */
  override readonly name = "NoWorkersError";
  /** Error code. */
  readonly code = "ERR_NO_WORKERS";
  /** @internal */
  constructor(cause: unknown) {
    super("reactor: all workers have died", cause === null ? {} : { cause });
  }
}

/** Thrown for a message to a worker that is not running: it has ended, or is being restarted. */
export class WorkerGoneError extends Error {
  /** "WorkerGoneError". */
  override readonly name = "WorkerGoneError";
  /** Error code. */
  readonly code = "ERR_WORKER_ENDED";
  /** Number of the worker. */
  readonly worker: number;
  /** @internal */
  constructor(worker: number) {
    super(`reactor: worker ${worker} is not running`);
    this.worker = worker;
  }
}
