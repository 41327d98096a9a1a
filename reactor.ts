// SPDX-License-Identifier: MIT
/**
 * Limits, and more than one core.
 *
 * @module
 */
export type { LimitCounters } from "./src/reactor/gate.ts";
export type {
  FirstBytes,
  Limit,
  LimitName,
  Limits,
  RateLimit,
  Shed,
  ShedPolicy,
} from "./src/reactor/limit_options.ts";
export { limit, LimitedListener } from "./src/reactor/limited_listener.ts";
export type {
  LoadBalance,
  PanicPlace,
  ReactorOptions,
  RestartOptions,
  WorkerReport,
} from "./src/reactor/reactor_options.ts";
export { NoWorkersError } from "./src/reactor/reactor_errors.ts";
export {
  openReactor,
  Reactor,
  type ShutdownOptions,
  type ShutdownReport,
} from "./src/reactor/reactor.ts";
export { serve } from "./src/reactor/serve.ts";
export type { Handler, HandlerContext } from "./src/reactor/sub_reactor.ts";
export type { ReactorWorker, WorkerState } from "./src/reactor/worker_slot.ts";
export { jobCancelled } from "./src/reactor/job.ts";
export type { Driver } from "./src/reactor/protocol.ts";
export {
  JobTimeoutError,
  OverloadError,
  PoolClosedError,
  WorkerEndedError,
} from "./src/reactor/pool_errors.ts";
export type { PoolOptions, PoolWorkerReport, QueueDelay } from "./src/reactor/pool_options.ts";
export {
  type JobArguments,
  type JobModule,
  type JobRequest,
  type JobResult,
  openPool,
  type PoolCounters,
  WorkerPool,
} from "./src/reactor/worker_pool.ts";
