// SPDX-License-Identifier: MIT
/** Queries one server for one name and one or more types. Go: net/dnsclient_unix.go, exchange. */
import { asError } from "../net/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import { now } from "../sched/clock.ts";
import { cancellable } from "../context/cancellable.ts";
import { background } from "../context/context.ts";
import { withTimeout } from "../context/with_cancel.ts";
import {
  exchangeDatagrams,
  exchangeOverStream,
  isDatagrams,
  limitTo,
  type Reply,
} from "./exchange.ts";
import { type Query, readResponse, type Response, writeQuery } from "./message.ts";
import type { ResolverDial } from "./options.ts";

/** Settings of queries. */
export interface AskingServers {
  readonly dial: ResolverDial;
  /** Whether `dial` never waits for a datagram socket. */
  readonly instant: boolean;
  /** Timeout of an exchange in milliseconds. */
  readonly timeout: number;
  readonly useTCP: boolean;
  readonly singleRequest: boolean;
  readonly trustAD: boolean;
}

/** A query without a final answer. */
interface Asked {
  readonly query: Query;
  readonly answer: (reply: Response | Error) => void;
}

/**
 * Queries `server` for records of all `types` of `name` in parallel. Parks, at most for the time of
 * an exchange by UDP and one by TCP.
 *
 * @returns for each type, the response or an error
 */
export function* askServer(
  name: string,
  types: readonly number[],
  server: string,
  how: AskingServers,
): Routine<(Response | Error)[]> {
  const results: (Response | Error)[] = [];
  let pending = [...types.keys()];
  // Retry without EDNS, for a server that does not support it.
  for (const edns of [true, false]) {
    const asked = pending.map((i): Asked => ({
      query: writeQuery(name, types[i], { edns, trustAD: how.trustAD }),
      answer: (reply) => results[i] = reply,
    }));
    const replies = yield* exchange(asked.map(({ query }) => query), server, how);
    pending = pending.filter((_, k) => !settle(asked[k], replies[k], edns));
    if (pending.length === 0) break;
  }
  return results;
}

/** Whether the reply is final. */
function settle({ query, answer }: Asked, reply: Reply, edns: boolean): boolean {
  if (reply === "plain" && edns) return false;
  answer(toResponse(reply, query));
  return true;
}

function toResponse(reply: Reply, query: Query): Response | Error {
  if (reply instanceof Error) return reply;
  if (typeof reply === "string") return new Error("server misbehaving");
  try {
    return readResponse(reply, query);
  } catch (error) {
    return asError(error);
  }
}

function* exchange(
  queries: readonly Query[],
  server: string,
  how: AskingServers,
): Routine<Reply[]> {
  const replies = how.useTCP
    ? queries.map((): Reply => "tcp")
    : yield* byDatagrams(queries, server, how);
  const long = [...queries.keys()].filter((i) => replies[i] === "tcp");
  if (long.length === 0) return replies;
  const again = yield* overOne("tcp", long.map((i) => queries[i]), server, how);
  for (const [k, i] of long.entries()) replies[i] = again[k];
  return replies;
}

/**
 * Sends the queries from one socket with its own random port; with single-request-reopen, each from
 * another socket. resolv.conf(5).
 */
function* byDatagrams(
  queries: readonly Query[],
  server: string,
  how: AskingServers,
): Routine<Reply[]> {
  if (!how.singleRequest) return yield* overOne("udp", queries, server, how);
  const replies: Reply[] = [];
  for (const query of queries) replies.push(...yield* overOne("udp", [query], server, how));
  return replies;
}

/** Exchanges all queries over one connection. */
function* overOne(
  network: "udp" | "tcp",
  queries: readonly Query[],
  server: string,
  how: AskingServers,
): Routine<Reply[]> {
  try {
    using conn = yield* connect(network, server, how);
    limitTo(conn, now() + how.timeout);
    if (isDatagrams(conn)) return yield* exchangeDatagrams(conn, queries);
    return yield* exchangeOverStream(conn, queries);
  } catch (error) {
    return queries.map(() => asError(error));
  }
}

/** Connects within the timeout of a server. */
function* connect(
  network: "udp" | "tcp",
  server: string,
  { dial, instant, timeout }: AskingServers,
): ReturnType<ResolverDial> {
  if (network === "udp" && instant) return yield* dial(network, server);
  const [limited, stop] = withTimeout(background(), timeout);
  try {
    return yield* cancellable(dial(network, server), limited);
  } finally {
    stop();
  }
}
