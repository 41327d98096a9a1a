// SPDX-License-Identifier: MIT
/** Settings of a reactor, checked. */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { checkOptions } from "../validate/options.ts";
import { type CheckedLimits, checkLimits, type Limits } from "../limit/limit_options.ts";
import type { LoadBalance } from "../event/api/balance.ts";
import type { Driver } from "../worker/protocol.ts";
import {
  DEFAULT_RESTART,
  driverSchema,
  isFunction,
  type RestartOptions,
  restartSchema,
  workersSchema,
} from "../worker/worker_options.ts";

/** How a worker ended that was not told to. */
export interface WorkerReport {
  /** Its number. */
  readonly worker: number;
  /** What ended it: an error that it did not catch, or null if it exited or was terminated. */
  readonly error: unknown;
  /** Connections that it had been handed, or had accepted, and that were closed with it. */
  readonly connections: number;
  /** Milliseconds until it is started again; null if it is not. */
  readonly restartIn: number | null;
  /**
   * Whether its thread could not be ended, as it is in a foreign call that does not return. Its
   * descriptors stay open then: nobody else could close them without harm.
   */
  readonly stuck: boolean;
}

/** Where an error was not caught. */
export interface PanicPlace {
  /** The number of the worker. */
  readonly worker: number;
  /** The peer whose connection was served, or "". */
  readonly remote: string;
}

/** Settings of {@linkcode openReactor} and {@linkcode serve}. */
export interface ReactorOptions {
  /** How many threads serve; as many as there are processors from the start. */
  workers?: number;
  /** The name under which the module exports its handler; "handle" from the start. */
  name?: string;
  /** Passed to every handler, as a copy in each worker: see the structured clone algorithm. */
  data?: unknown;
  /** See {@linkcode LoadBalance}; "roundRobin" from the start. */
  loadBalance?: LoadBalance;
  /**
   * How a worker waits when it has nothing to do. "runSync", from the start: blocked in the poller,
   * which is fastest. "run": in the host's loop, for handlers that use promises, timers or servers
   * of the host.
   */
  driver?: Driver;
  /**
   * Limits over all workers; `goroutines` is of each. Policies that close an idle connection, and all
   * limits where the workers accept by themselves, are kept by each worker for its share.
   */
  limits?: Limits;
  /** When a worker that died is started again; false for never. */
  restart?: RestartOptions | false;
  /**
   * Told of an error that a connection's goroutine did not catch: the connection is closed, and all
   * others go on. Without it such an error ends the worker, as it ends a `run`. What it throws ends
   * the run that opened the reactor.
   */
  onPanic?: (error: unknown, place: PanicPlace) => void;
  /**
   * Told when a worker has died. Its connections are closed, and the other workers go on. What it
   * throws ends the run that opened the reactor.
   */
  onWorkerEnd?: (report: WorkerReport) => void;
}

/** The settings with nothing left open. */
export interface CheckedReactorOptions {
  readonly workers: number;
  readonly name: string;
  readonly data: unknown;
  readonly loadBalance: LoadBalance;
  readonly driver: Driver;
  readonly limits: CheckedLimits;
  readonly restart: Required<RestartOptions> | null;
  readonly onPanic: ReactorOptions["onPanic"];
  readonly onWorkerEnd: (report: WorkerReport) => void;
}

const schema = z.strictObject({
  workers: workersSchema.optional(),
  name: z.string().optional(),
  data: z.unknown().optional(),
  loadBalance: z.enum(["roundRobin", "random", "leastConnections"]).optional(),
  driver: driverSchema.optional(),
  limits: z.unknown().optional(),
  restart: restartSchema.optional(),
  onPanic: z.custom<NonNullable<ReactorOptions["onPanic"]>>(isFunction).optional(),
  onWorkerEnd: z.custom<NonNullable<ReactorOptions["onWorkerEnd"]>>(isFunction).optional(),
});

/** Checks what `call` was given. Throws a TypeError that names the field. */
export function checkReactorOptions(call: string, options: ReactorOptions): CheckedReactorOptions {
  const checked = checkOptions(call, schema, options);
  const { restart = DEFAULT_RESTART } = checked;
  return {
    workers: checked.workers ?? availableParallelism(),
    name: checked.name ?? "handle",
    data: checked.data,
    loadBalance: checked.loadBalance ?? "roundRobin",
    driver: checked.driver ?? "runSync",
    limits: checkLimits(`${call}, limits`, (checked.limits ?? {}) as Limits),
    restart: restart === false ? null : restart,
    onPanic: checked.onPanic,
    onWorkerEnd: checked.onWorkerEnd ?? (() => {}),
  };
}
