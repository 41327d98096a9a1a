// SPDX-License-Identifier: MIT
/** One name, one or more types, one server. Go: net/dnsclient_unix.go, exchange. */
import type { Conn } from "../net/net.ts";
import { asError } from "../net/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { UDPConn } from "../net/udp/udp.ts";
import { now } from "../sched/clock.ts";
import { cancellable } from "../context/cancellable.ts";
import { background } from "../context/context.ts";
import { withTimeout } from "../context/with_cancel.ts";
import { exchangeOverStream, isDatagrams, limitTo, readDatagram, type Reply } from "./exchange.ts";
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
  const again = yield* byStream(long.map((i) => queries[i]), server, how);
  for (const [k, i] of long.entries()) replies[i] = again[k];
  return replies;
}

/** Sends each query from a socket of its own, and so from a random port of its own. */
function* byDatagrams(
  queries: readonly Query[],
  server: string,
  how: AskingServers,
): Routine<Reply[]> {
  const replies: Reply[] = [];
  const sent: (UDPConn | null)[] = [];
  let until = now() + how.timeout;
  try {
    for (const [i, query] of queries.entries()) {
      sent[i] = null;
      try {
        const conn = yield* connect("udp", server, how);
        limitTo(conn, until);
        if (!isDatagrams(conn)) return yield* overStream(conn, queries);
        sent[i] = conn;
        yield* conn.write(query.bytes);
        if (how.singleRequest) {
          replies[i] = yield* readDatagram(conn, query);
          until = now() + how.timeout;
        }
      } catch (error) {
        replies[i] = asError(error);
      }
    }
    for (const [i, query] of queries.entries()) {
      if (replies[i] === undefined) replies[i] = yield* caught(readDatagram(sent[i]!, query));
    }
    return replies;
  } finally {
    for (const conn of sent) conn?.[Symbol.dispose]();
  }
}

function* byStream(
  queries: readonly Query[],
  server: string,
  how: AskingServers,
): Routine<Reply[]> {
  const until = now() + how.timeout;
  try {
    const conn = (yield* connect("tcp", server, how)) as Conn;
    limitTo(conn, until);
    return yield* overStream(conn, queries);
  } catch (error) {
    return queries.map(() => asError(error));
  }
}

function* overStream(conn: Conn, queries: readonly Query[]): Routine<Reply[]> {
  using _closed = conn;
  return yield* exchangeOverStream(conn, queries);
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

function* caught(call: Routine<Reply>): Routine<Reply> {
  try {
    return yield* call;
  } catch (error) {
    return asError(error);
  }
}
