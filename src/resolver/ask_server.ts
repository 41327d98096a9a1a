// SPDX-License-Identifier: MIT
/** Queries one server for one name and one or more types. Go: net/dnsclient_unix.go, exchange. */
import { asError } from "../net/errors.ts";
import type { Conn } from "../net/net.ts";
import type { UDPConn } from "../net/udp/udp.ts";
import type { Routine } from "../sched/goroutine.ts";
import { now } from "../sched/clock.ts";
import { cancellable } from "../context/cancellable.ts";
import { background } from "../context/context.ts";
import { withTimeout } from "../context/with_cancel.ts";
import {
  ConnPort,
  exchangeDatagrams,
  exchangeOverStream,
  isDatagrams,
  limitTo,
  type OnReply,
  type Reply,
} from "./exchange.ts";
import { type Query, readResponse, type Response, writeQuery } from "./message.ts";
import type { ResolverDial } from "./options.ts";
import type { QuerySocket } from "./query_socket.ts";

/** Settings of queries. */
export interface AskingServers {
  readonly dial: ResolverDial;
  /** Opens a socket for datagrams until a time; null if `dial` does. */
  readonly open: ((server: string, until: number) => QuerySocket) | null;
  /** Timeout of an exchange in milliseconds. */
  readonly timeout: number;
  readonly useTCP: boolean;
  readonly singleRequest: boolean;
  readonly trustAD: boolean;
}

/** Called with the result of the type at index `i`, once for each, as soon as it is known. */
export type OnResponse = (i: number, result: Response | Error) => void;

/**
 * Queries `server` for records of all `types` of `name` in parallel. Parks, at most for the time of
 * an exchange by UDP and one by TCP.
 */
export function* askServer(
  name: string,
  types: readonly number[],
  server: string,
  how: AskingServers,
  onResponse: OnResponse,
): Routine<void> {
  const write = (type: number, edns: boolean) =>
    writeQuery(name, type, { edns, trustAD: how.trustAD });
  const queries = types.map((type) => write(type, true));
  const plain: number[] = [];
  yield* exchange(queries, server, how, (i, reply) => {
    if (reply === "plain") plain.push(i);
    else onResponse(i, toResponse(reply, queries[i]));
  });
  if (plain.length === 0) return;
  // Repeats those without EDNS, for a server that does not support it.
  const again = plain.map((i) => write(types[i], false));
  yield* exchange(again, server, how, (k, reply) => {
    onResponse(plain[k], toResponse(reply, again[k]));
  });
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

/** Exchanges the queries by datagrams, and those whose responses need it by TCP. */
function* exchange(
  queries: readonly Query[],
  server: string,
  how: AskingServers,
  onReply: OnReply,
): Routine<void> {
  const long: number[] = how.useTCP ? queries.map((_, i) => i) : [];
  if (!how.useTCP) {
    const onDatagram = (i: number, reply: Reply) => {
      if (reply === "tcp") long.push(i);
      else onReply(i, reply);
    };
    if (how.singleRequest) yield* oneByOne(queries, server, how, onDatagram);
    else yield* byDatagrams(queries, server, how, onDatagram);
  }
  if (long.length === 0) return;
  const again = long.map((i) => queries[i]);
  yield* overConn("tcp", again, server, how, (k, reply) => onReply(long[k], reply));
}

/** Sends each query after the response to the last, from another socket. resolv.conf(5). */
function* oneByOne(
  queries: readonly Query[],
  server: string,
  how: AskingServers,
  onReply: OnReply,
): Routine<void> {
  for (const [i, query] of queries.entries()) {
    yield* byDatagrams([query], server, how, (_, reply) => onReply(i, reply));
  }
}

/** Sends all queries from one socket, from a random port that no earlier query has used. */
function* byDatagrams(
  queries: readonly Query[],
  server: string,
  how: AskingServers,
  onReply: OnReply,
): Routine<void> {
  if (how.open === null) return yield* overConn("udp", queries, server, how, onReply);
  let opened: QuerySocket;
  try {
    opened = how.open(server, now() + how.timeout);
  } catch (error) {
    return reportAll(queries, asError(error), onReply);
  }
  // Not by "using", which costs Deno as much as a system call.
  try {
    if (yield* exchangeDatagrams(opened, queries, onReply)) opened.keep();
  } finally {
    opened[Symbol.dispose]();
  }
}

/** Exchanges all queries over one connection made by `dial`. */
function* overConn(
  network: "udp" | "tcp",
  queries: readonly Query[],
  server: string,
  how: AskingServers,
  onReply: OnReply,
): Routine<void> {
  let connected: Conn | UDPConn;
  try {
    connected = yield* connect(network, server, how);
  } catch (error) {
    return reportAll(queries, asError(error), onReply);
  }
  using conn = connected;
  if (isDatagrams(conn)) yield* exchangeDatagrams(new ConnPort(conn), queries, onReply);
  else yield* exchangeOverStream(conn, queries, onReply);
}

function reportAll(queries: readonly Query[], failure: Error, onReply: OnReply): void {
  for (const i of queries.keys()) onReply(i, failure);
}

/** Connects within the timeout of a server, which then applies to the exchange. */
function* connect(
  network: "udp" | "tcp",
  server: string,
  { dial, timeout }: AskingServers,
): ReturnType<ResolverDial> {
  const [limited, stop] = withTimeout(background(), timeout);
  try {
    const conn = yield* cancellable(dial(network, server), limited);
    limitTo(conn, now() + timeout);
    return conn;
  } finally {
    stop();
  }
}
