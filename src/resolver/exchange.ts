// SPDX-License-Identifier: MIT
/**
 * Exchanges queries and responses over one connection. RFC 1035, section 4.2. Go:
 * net/dnsclient_unix.go, exchange.
 */
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { UDPConn } from "../net/udp/udp.ts";
import { UnexpectedEOFError } from "../fd/errors.ts";
import { asError } from "../net/errors.ts";
import { epoch, now } from "../sched/clock.ts";
import { FormatError, matchResponse, type Query, RCODE, readHeader } from "./message.ts";

/**
 * Result of a query: its response; "tcp" to repeat it by TCP, because the response is longer than a
 * datagram or may be forged; "plain" to repeat it without EDNS; or an error.
 */
export type Reply = Uint8Array | "tcp" | "plain" | Error;

/** Buffer size for datagrams; a longer response is repeated by TCP. */
const DATAGRAM = 4096;
/**
 * Maximum number of received messages that answer no query. More in one exchange indicate an
 * attempt to guess its ID, so TCP is used, where that does not work.
 */
const MOST_STRAY = 32;

/** Returns true if `conn` sends datagrams. */
export function isDatagrams(conn: Conn | UDPConn): conn is UDPConn {
  return "readFrom" in conn;
}

/** Sets the deadline of `conn` to `until`, in milliseconds of `performance.now()`. */
export function limitTo(conn: Conn | UDPConn, until: number): void {
  conn.setDeadline(epoch() + (until - now()));
}

/** Sends queries as datagrams and waits for their responses, in any order. Parks. */
export function* exchangeDatagrams(conn: UDPConn, queries: readonly Query[]): Routine<Reply[]> {
  // Result if nothing that arrives is an answer.
  const replies = queries.map((): Reply => "tcp");
  const waiting = new Set(queries.keys());
  try {
    for (const { bytes } of queries) yield* conn.write(bytes);
    const buffer = new Uint8Array(DATAGRAM);
    for (let stray = 0; waiting.size > 0 && stray < MOST_STRAY;) {
      const { n, truncated } = yield* conn.readFrom(buffer);
      const message = buffer.subarray(0, n);
      const reply = (query: Query) => datagramReply(message, truncated, query);
      if (!assign(queries, waiting, replies, reply)) stray++;
    }
  } catch (error) {
    for (const i of waiting) replies[i] = asError(error);
  }
  return replies;
}

/** Converts a datagram to the reply to a query; null if it is not. */
function datagramReply(message: Uint8Array, truncated: boolean, query: Query): Reply | null {
  switch (matchResponse(message, query)) {
    case "answer":
      if (truncated || readHeader(message).truncated) return "tcp";
      return wantsPlain(message, query) ? "plain" : message.slice();
    case "other case":
      return "tcp";
    case "refusal":
      return refused(query);
    default:
      return null;
  }
}

/** Assigns the reply to the first query that matches. Returns whether any did. */
function assign(
  queries: readonly Query[],
  waiting: Set<number>,
  replies: Reply[],
  replyTo: (query: Query) => Reply | null,
): boolean {
  for (const i of waiting) {
    const reply = replyTo(queries[i]);
    if (reply === null) continue;
    replies[i] = reply;
    waiting.delete(i);
    return true;
  }
  return false;
}

function refused(query: Query): Reply {
  return hasEDNS(query) ? "plain" : new FormatError("server refuses the query");
}

/** Whether the response shows that the server does not support EDNS. RFC 6891, section 7. */
function wantsPlain(message: Uint8Array, query: Query): boolean {
  const { rcode } = readHeader(message);
  return hasEDNS(query) && (rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP);
}

function hasEDNS({ bytes, questionEnd }: Query): boolean {
  return bytes.length > questionEnd;
}

/** Sends queries over a stream and waits for their responses, in any order. Parks. */
export function* exchangeOverStream(conn: Conn, queries: readonly Query[]): Routine<Reply[]> {
  const replies: Reply[] = [];
  const waiting = new Set(queries.keys());
  let failure: Error | null = null;
  try {
    yield* conn.write(framed(queries));
    for (let stray = 0; waiting.size > 0 && stray < MOST_STRAY;) {
      const message = yield* readFrame(conn);
      if (!assign(queries, waiting, replies, (query) => streamReply(message, query))) stray++;
    }
  } catch (error) {
    failure = asError(error);
  }
  for (const i of waiting) replies[i] = failure ?? new FormatError("no matching response");
  return replies;
}

/** Ignores letter case: an attacker who can write to a stream need not guess it. */
function streamReply(message: Uint8Array, query: Query): Reply | null {
  const match = matchResponse(message, query);
  if (match === "other") return null;
  if (match === "refusal") return refused(query);
  return wantsPlain(message, query) ? "plain" : message;
}

/** Joins the queries, each with its length prefix. */
function framed(queries: readonly Query[]): Uint8Array {
  const total = queries.reduce((sum, { bytes }) => sum + 2 + bytes.length, 0);
  const all = new Uint8Array(total);
  let at = 0;
  for (const { bytes } of queries) {
    all[at] = bytes.length >> 8;
    all[at + 1] = bytes.length & 0xff;
    all.set(bytes, at + 2);
    at += 2 + bytes.length;
  }
  return all;
}

function* readFrame(conn: Conn): Routine<Uint8Array> {
  const head = yield* readBytes(conn, 2);
  return yield* readBytes(conn, head[0] << 8 | head[1]);
}

function* readBytes(conn: Conn, length: number): Routine<Uint8Array> {
  const bytes = new Uint8Array(length);
  if (length > 0 && (yield* conn.readFull(bytes)) === null) throw new UnexpectedEOFError(0);
  return bytes;
}
