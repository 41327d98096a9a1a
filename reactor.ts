// SPDX-License-Identifier: MIT
/**
 * Multi-core servers, worker pools, and limits that protect a server from overload.
 *
 * @example An echo server on all cores; echo_handler.ts exports `function* handle(conn)`.
 * ```ts
 * import { listen, run } from "@netpoll/netpoll";
 * import { serve } from "@netpoll/netpoll/reactor";
 *
 * await run(function* () {
 *   using listener = yield* listen("tcp", "127.0.0.1:7007");
 *   yield* serve(listener, new URL("./echo_handler.ts", import.meta.url));
 * });
 * ```
 *
 * @module
 */
import "./src/resolver/default_resolver.ts";
import "./src/reactor/bundled_worker.ts";
export type { LoadBalance } from "./src/event/api/balance.ts";
export type { RestartOptions } from "./src/worker/worker_options.ts";
export type { LimitCounters } from "./src/limit/limiter.ts";
export type {
  AddressLimit,
  FirstBytes,
  Limit,
  LimitName,
  Limits,
  RateLimit,
  Shed,
  ShedPolicy,
} from "./src/limit/limit_options.ts";
export { limit, LimitedListener } from "./src/limit/limited_listener.ts";
export type { PanicPlace, ReactorOptions, WorkerReport } from "./src/reactor/options.ts";
export { NoWorkersError, WorkerGoneError } from "./src/reactor/errors.ts";
export {
  openReactor,
  Reactor,
  type ShutdownOptions,
  type ShutdownReport,
} from "./src/reactor/reactor.ts";
export { serve, type ServeOptions } from "./src/reactor/serve.ts";
export type { Handler, HandlerContext, PacketHandler, WorkerHook } from "./src/reactor/handler.ts";
export type { PostOptions, WorkerMessage } from "./src/reactor/mailbox.ts";
export type { WorkerAddress } from "./src/worker/protocol.ts";
export type { ReactorStats } from "./src/reactor/main_mail.ts";
export type { ReactorWorker, WorkerState } from "./src/reactor/worker_slot.ts";
export { jobCancelled } from "./src/pool/job.ts";
export type { Driver } from "./src/worker/protocol.ts";
export {
  JobTimeoutError,
  OverloadError,
  PoolClosedError,
  WorkerEndedError,
} from "./src/pool/errors.ts";
export type { PoolOptions, PoolWorkerReport, QueueDelay } from "./src/pool/options.ts";
export {
  type JobArguments,
  type JobModule,
  type JobRequest,
  type JobResult,
  openPool,
  openWorkerPool,
  type PoolCounters,
  WorkerPool,
} from "./src/pool/worker_pool.ts";
