// SPDX-License-Identifier: MIT
/**
 * Event servers, as in evio: one table of callbacks for all connections. They use the same pollers as
 * goroutines, and run beside them.
 *
 * @example An echo server.
 * ```ts
 * import { run } from "@netpoll/netpoll";
 * import { serve } from "@netpoll/netpoll/event";
 *
 * await run(() => serve({ data: (_conn, input) => input }, "tcp://127.0.0.1:8080"));
 * ```
 *
 * @module
 */
import "./src/resolver/default_resolver.ts";
export type {
  Action,
  Answer,
  ConnOptions,
  OpenedAnswer,
  OpenedReply,
  Reply,
  TickAnswer,
} from "./src/event/api/action.ts";
export type { LoadBalance } from "./src/event/api/balance.ts";
export type { EventConn, Written } from "./src/event/api/conn.ts";
export { IdleTimeoutError, SlowConsumerError, UnreadLimitError } from "./src/event/api/errors.ts";
export type { Events, EventSettings } from "./src/event/api/events.ts";
export { serve } from "./src/event/serve.ts";
export type { AdoptOptions, Server } from "./src/event/api/server.ts";
