// SPDX-License-Identifier: MIT
/** Settings of a pool, checked. */
import { availableParallelism } from "node:os";
import { z } from "zod";
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
 * How long jobs may wait, after CoDel (RFC 8289). A queue may be long for a moment, and empty again
 * soon after; then a wait of up to `interval` is fine. One that has not been empty for as long as
 * `interval` is a standing queue, in which all wait and nobody gains: then what has waited for
 * `target` is turned away, so that those that are served are served in time.
 */
export interface QueueDelay {
  /** Milliseconds that a job may wait in a standing queue. */
  target: number;
  /** Milliseconds without an empty queue after which it is a standing one; 100 from the start. */
  interval?: number;
}

/** Settings of {@linkcode openWorkerPool}. */
export interface PoolOptions {
  /** How many threads do jobs, one each at a time; as many as there are processors from the start. */
  workers?: number;
  /** Jobs that may wait for a worker; 1024 from the start. */
  queueLength?: number;
  /** What a job does that finds the queue full: wait for room (from the start), or throw. */
  whenFull?: "wait" | "refuse";
  /** How long a job may wait; as long as it takes from the start. */
  queueDelay?: QueueDelay;
  /** Milliseconds that a job may take; its worker is then terminated. No limit from the start. */
  jobTimeout?: number;
  /** How a worker waits: "run" for jobs that give promises. See {@linkcode ReactorOptions}. */
  driver?: Driver;
  /** When a worker that died is started again; false for never. */
  restart?: RestartOptions | false;
  /** Told when a worker has died that was not told to end. */
  onWorkerEnd?: (report: PoolWorkerReport) => void;
  /** Called for each job that is turned away. It must not throw. */
  onShed?: (limit: "queueLength" | "queueDelay") => void;
}

/** How a pool's worker ended that was not told to. */
export interface PoolWorkerReport {
  /** Its number, from 0. */
  readonly worker: number;
  /** What ended it: an error that it did not catch, or null if it exited or was terminated. */
  readonly error: unknown;
  /** Milliseconds until it is started again; null if it is not. */
  readonly restartIn: number | null;
}

/** The settings with nothing left open. */
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

const milliseconds = z.number().positive().finite();

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

/** Checks what `call` was given. Throws a TypeError that names the field. */
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
