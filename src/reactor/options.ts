// SPDX-License-Identifier: MIT
/** The options of a reactor, checked. */
import { availableParallelism } from "node:os";
import * as z from "../validate/schema.ts";
import { checkOptions } from "../validate/options.ts";
import { type CheckedLimits, checkLimits, type Limits } from "../limit/limit_options.ts";
import type { LoadBalance } from "../event/api/balance.ts";
import { checkHandedTLS, type HandedTLS } from "../tls/handed.ts";
import type { TLSServerOptions } from "../tls/tls_options.ts";
import type { Driver } from "../worker/protocol.ts";
import {
  DEFAULT_RESTART,
  driverSchema,
  isFunction,
  type RestartOptions,
  restartSchema,
  workersSchema,
} from "../worker/worker_options.ts";

/** Report of a worker that died. */
export interface WorkerReport {
  /** Number of the worker, starting at 0. */
  readonly worker: number;
  /** The uncaught error that ended it, or null if it exited or was terminated. */
  readonly error: unknown;
  /** Number of connections that were closed with it. */
  readonly connections: number;
  /** Milliseconds until it is restarted; null if it is not. */
  readonly restartIn: number | null;
  /**
   * True if its thread could not be terminated, because it is in a foreign call that does not
   * return. Its descriptors then stay open, because closing them from another thread is unsafe.
   */
  readonly stuck: boolean;
}

/** Where an uncaught error occurred. */
export interface PanicPlace {
  /** Number of the worker. */
  readonly worker: number;
  /** Remote address of the connection, or "". */
  readonly remote: string;
}

/** Options of {@linkcode openReactor} and {@linkcode serve}. */
export interface ReactorOptions {
  /** Number of worker threads; the number of CPUs by default. */
  workers?: number;
  /** Name under which the module exports its handler; "handle" by default. */
  name?: string;
  /** Data for the handlers, copied to each worker by the structured clone algorithm. */
  data?: unknown;
  /** See {@linkcode LoadBalance}; "roundRobin" by default. */
  loadBalance?: LoadBalance;
  /**
   * How an idle worker waits. "runSync" (the default): in the poller, which is fastest.
   * "run": in the host's event loop, for handlers that use promises, timers or servers of the host.
   */
  driver?: Driver;
  /**
   * Part of a worker's time, from 0 to 1, that it may spend looking for the next event instead of
   * sleeping, as `RunOptions.spinShare`; 0.05 by default, and 0 never spins.
   */
  spinShare?: number;
  /**
   * Limits for all workers together; `goroutines` applies to each. Each worker enforces policies
   * that close idle connections, and all limits if workers accept for themselves, for its share.
   */
  limits?: Limits;
  /** When a worker that died is restarted; false for never. */
  restart?: RestartOptions | false;
  /**
   * Called for an uncaught error in a connection's goroutine: the connection is closed, and all
   * others continue. Without it, such an error ends the worker, as it ends a `run`. An error that
   * it throws ends the run that opened the reactor.
   */
  onError?: (error: unknown, place: PanicPlace) => void;
  /** Another name of `onError`, as in `RunOptions`. */
  onPanic?: (error: unknown, place: PanicPlace) => void;
  /**
   * Idle timeout of connections of goroutines, in milliseconds, as for `serve` of the main module;
   * 0, the default, disables it. A table of callbacks has its own.
   */
  idleTimeout?: number;
  /**
   * Has each worker secure its connections by TLS, as `tlsListener` does: handlers get a `TLSConn`,
   * at once, and its handshake goes on meanwhile. All options but `keyLog`; not with a table of
   * callbacks. Sessions of one worker are resumed by the others, with the engine "openssl".
   */
  tls?: TLSServerOptions;
  /**
   * Called when a worker has died. Its connections are closed, and the other workers continue. An
   * error that it throws ends the run that opened the reactor.
   */
  onWorkerEnd?: (report: WorkerReport) => void;
}

/** The options with all defaults filled in. */
export interface CheckedReactorOptions {
  readonly workers: number;
  readonly name: string;
  readonly data: unknown;
  readonly loadBalance: LoadBalance;
  readonly driver: Driver;
  readonly spinShare: number | undefined;
  readonly limits: CheckedLimits;
  readonly restart: Required<RestartOptions> | null;
  readonly idleTimeout: number;
  readonly tls: HandedTLS | null;
  readonly onPanic: ReactorOptions["onPanic"];
  readonly onWorkerEnd: (report: WorkerReport) => void;
}

const schema = z.strictObject({
  workers: workersSchema.optional(),
  name: z.string().optional(),
  data: z.unknown().optional(),
  loadBalance: z.enum(["roundRobin", "random", "leastConnections"]).optional(),
  driver: driverSchema.optional(),
  spinShare: z.number().min(0).max(1).optional(),
  limits: z.unknown().optional(),
  restart: restartSchema.optional(),
  idleTimeout: z.number().nonnegative().optional(),
  tls: z.custom<TLSServerOptions>((tls) => typeof tls === "object", "must be options").optional(),
  onError: z.custom<NonNullable<ReactorOptions["onError"]>>(isFunction).optional(),
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
    spinShare: checked.spinShare,
    limits: checkLimits(`${call}, limits`, (checked.limits ?? {}) as Limits),
    restart: restart === false ? null : restart,
    idleTimeout: checked.idleTimeout ?? 0,
    tls: checked.tls === undefined ? null : checkHandedTLS(`${call} with TLS`, checked.tls),
    onPanic: checked.onError ?? checked.onPanic,
    onWorkerEnd: checked.onWorkerEnd ?? (() => {}),
  };
}
