// SPDX-License-Identifier: MIT
/**
 * A live page of what goroutines, connections and timers are doing, as an HTTP handler: also as JSON,
 * as Prometheus text, as a dump and as a trace.
 *
 * @example The page beside a server.
 * ```ts
 * import { debugHandler } from "@netpoll/netpoll/debug";
 *
 * const debug = debugHandler(); // prints the token
 * Bun.serve({ hostname: "127.0.0.1", port: 9090, fetch: debug });
 * console.log(`http://127.0.0.1:9090/#token=${debug.token}`);
 * ```
 *
 * @module
 */
export type { DebugPeerInfo } from "./src/debug/access.ts";
export type { DebugConnection } from "./src/debug/connections.ts";
export type { DebugGoroutine, DebugGoroutineGroup, DebugWait } from "./src/debug/goroutines.ts";
export { type DebugHandler, debugHandler } from "./src/debug/handler.ts";
export type { DebugOptions, DebugReactor, DebugWorker } from "./src/debug/options.ts";
export type { DebugReactorState, DebugRows, DebugSnapshot } from "./src/debug/snapshot.ts";
export type { LimitCounters } from "./src/limit/limiter.ts";
export type { LimitName } from "./src/limit/limit_options.ts";
export type { ShedCounts } from "./src/limit/shed_counts.ts";
export type { Stats } from "./src/diag/stats.ts";
export type { GoroutineStatus } from "./src/sched/goroutine.ts";
