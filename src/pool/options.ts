// SPDX-License-Identifier: MIT
/** The options of a worker pool, checked. */
import { availableParallelism } from "node:os";
import * as z from "../validate/schema.ts";
import { checkOptions } from "../validate/options.ts";
import type { Driver } from "../worker/protocol.ts";
import {
  DEFAULT_RESTART,
  driverSchema,
  isFunction,
  type RestartOptions,
  restartSchema,
  workersSchema,
} from "../worker/worker_options.ts";

/**
 * Limit on queueing time, by CoDel (RFC 8289). A queue may be long for a moment and soon empty
 * again; then a wait of up to `interval` is fine. A queue that has not been empty for `interval` is
 * a standing queue, which delays every job without any gain: jobs that have waited for `target` are
 * then rejected, so the jobs that run still finish in time.
 */
export interface QueueDelay {
  /** Milliseconds that a job may wait in a standing queue. */
  target: number;
  /** Milliseconds without an empty queue until it counts as a standing queue; 100 by default. */
  interval?: number;
}

/** Options of {@linkcode openWorkerPool}. */
export interface PoolOptions {
  /** Number of worker threads, each running one job at a time; the number of CPUs by default. */
  workers?: number;
  /** Maximum number of queued jobs; 1024 by default. */
  queueLength?: number;
  /** What a job does when the queue is full: wait for room (the default), or throw. */
  whenFull?: "wait" | "refuse";
  /** How long a job may wait in the queue; unlimited by default. */
  queueDelay?: QueueDelay;
  /**
   * Time limit of a job in milliseconds, after which its worker is terminated; unlimited by
   * default.
   */
  jobTimeout?: number;
  /** How a worker waits: "run" for jobs that return promises. See {@linkcode ReactorOptions}. */
  driver?: Driver;
  /** When a worker that died is restarted; false for never. */
  restart?: RestartOptions | false;
  /** Called when a worker has died. */
  onWorkerEnd?: (report: PoolWorkerReport) => void;
  /** Called for each job that is rejected. It must not throw. */
  onShed?: (limit: "queueLength" | "queueDelay") => void;
}

/** Report of a worker that died. */
export interface PoolWorkerReport {
  /** Number of the worker, starting at 0. */
  readonly worker: number;
  /** The uncaught error that ended it, or null if it exited or was terminated. */
  readonly error: unknown;
  /** Milliseconds until it is restarted; null if it is not. */
  readonly restartIn: number | null;
}

/** The options with all defaults filled in. */
export interface CheckedPoolOptions {
  readonly workers: number;
  readonly queueLength: number;
  readonly whenFull: "wait" | "refuse";
  readonly queueDelay: Required<QueueDelay> | null;
  readonly jobTimeout: number;
  readonly driver: Driver;
  readonly restart: Required<RestartOptions> | null;
  readonly onWorkerEnd: (report: PoolWorkerReport) => void;
  readonly onShed: (limit: "queueLength" | "queueDelay") => void;
}

const milliseconds = z.number().positive();

const schema = z.strictObject({
  workers: workersSchema.optional(),
  queueLength: z.int().positive().optional(),
  whenFull: z.enum(["wait", "refuse"]).optional(),
  queueDelay: z.strictObject({ target: milliseconds, interval: milliseconds.default(100) })
    .optional(),
  jobTimeout: milliseconds.optional(),
  driver: driverSchema.optional(),
  restart: restartSchema.optional(),
  onWorkerEnd: z.custom<NonNullable<PoolOptions["onWorkerEnd"]>>(isFunction).optional(),
  onShed: z.custom<NonNullable<PoolOptions["onShed"]>>(isFunction).optional(),
});

/** Checks the options passed to `call`. Throws a TypeError that names the field. */
export function checkPoolOptions(call: string, options: PoolOptions): CheckedPoolOptions {
  const checked = checkOptions(call, schema, options);
  const { restart = DEFAULT_RESTART } = checked;
  return {
    workers: checked.workers ?? availableParallelism(),
    queueLength: checked.queueLength ?? 1024,
    whenFull: checked.whenFull ?? "wait",
    queueDelay: checked.queueDelay ?? null,
    jobTimeout: checked.jobTimeout ?? Infinity,
    driver: checked.driver ?? "runSync",
    restart: restart === false ? null : restart,
    onWorkerEnd: checked.onWorkerEnd ?? (() => {}),
    onShed: checked.onShed ?? (() => {}),
  };
}
