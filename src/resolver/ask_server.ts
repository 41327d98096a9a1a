// SPDX-License-Identifier: MIT
/** One name, one or more types, one server. Go: net/dnsclient_unix.go, exchange. */
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

/** How servers are asked. */
export interface AskingServers {
  readonly dial: ResolverDial;
  /** Whether `dial` never waits for a datagram socket. */
  readonly instant: boolean;
  /** Milliseconds for one exchange. */
  readonly timeout: number;
  readonly useTCP: boolean;
  readonly singleRequest: boolean;
  readonly trustAD: boolean;
}

/** A query that is not answered yet. */
interface Asked {
  readonly query: Query;
  readonly answer: (reply: Response | Error) => void;
}

/**
 * Asks `server` for records of all `types` of `name`, at the same time. Parks, for the time of an
 * exchange by UDP and one by TCP at most.
 *
 * @returns for each type the response or an error
 */
export function* askServer(
  name: string,
  types: readonly number[],
  server: string,
  how: AskingServers,
): Routine<(Response | Error)[]> {
  const results: (Response | Error)[] = [];
  let pending = [...types.keys()];
  // Once more without EDNS, for a server that does not know it.
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

/** Whether the reply settles the matter. */
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
 * Sends the queries from one socket, and so from a random port of their own; where only one may be
 * under way, each from another one. resolv.conf(5), single-request-reopen.
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

/** Exchanges all over one connection. */
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

/** Connects, in no more time than a server has. */
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
