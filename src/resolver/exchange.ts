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
import { FormatError, isTruncated, matchResponse, type Query, RCODE, rcodeOf } from "./message.ts";

/**
 * Result of a query: its response; "tcp" to repeat it by TCP, because the response is longer than a
 * datagram or may be forged; "plain" to repeat it without EDNS; or an error.
 */
export type Reply = Uint8Array | "tcp" | "plain" | Error;

/** Called with the reply to the query at index `i`, once for each, as soon as it is known. */
export type OnReply = (i: number, reply: Reply) => void;

/** Sends and receives the datagrams of an exchange. */
export interface DatagramPort {
  /** Sends datagrams. Parks while there is no room. */
  send(datagrams: readonly Uint8Array[]): Routine<void>;
  /** Returns the next datagram, which no one else uses. Parks until one has arrived. */
  receive(): Routine<Uint8Array>;
  /** Whether the last one was longer than what `receive` returned. */
  readonly truncated: boolean;
}

/** Buffer size for datagrams; a longer response is repeated by TCP. */
export const LONGEST_DATAGRAM = 4096;
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

/** Datagrams over a connection that a caller's `dial` has made. */
export class ConnPort implements DatagramPort {
  truncated = false;
  readonly #conn: UDPConn;
  readonly #buffer = new Uint8Array(LONGEST_DATAGRAM);

  constructor(conn: UDPConn) {
    this.#conn = conn;
  }

  *send(datagrams: readonly Uint8Array[]): Routine<void> {
    for (const bytes of datagrams) yield* this.#conn.write(bytes);
  }

  *receive(): Routine<Uint8Array> {
    const { n, truncated } = yield* this.#conn.readFrom(this.#buffer);
    this.truncated = truncated;
    return this.#buffer.slice(0, n);
  }
}

/**
 * Sends queries as datagrams and waits for their responses, in any order. Parks.
 *
 * @returns whether each query had its response, and nothing else arrived
 */
export function* exchangeDatagrams(
  port: DatagramPort,
  queries: readonly Query[],
  onReply: OnReply,
): Routine<boolean> {
  const waiting = indexes(queries);
  // Reply if nothing that arrives is an answer.
  let otherwise: Reply = "tcp";
  let stray = 0;
  try {
    yield* port.send(queries.map(({ bytes }) => bytes));
    while (waiting.length > 0 && stray < MOST_STRAY) {
      const message = yield* port.receive();
      const reply = (query: Query) => datagramReply(message, port.truncated, query);
      if (!assign(queries, waiting, reply, onReply)) stray++;
    }
  } catch (error) {
    otherwise = asError(error);
  }
  for (const i of waiting) onReply(i, otherwise);
  return waiting.length === 0 && stray === 0;
}

function indexes(queries: readonly Query[]): number[] {
  return queries.map((_, i) => i);
}

/** Converts a datagram to the reply to a query; null if it is not. */
function datagramReply(message: Uint8Array, truncated: boolean, query: Query): Reply | null {
  switch (matchResponse(message, query)) {
    case "answer":
      if (truncated || isTruncated(message)) return "tcp";
      return wantsPlain(message, query) ? "plain" : message;
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
  waiting: number[],
  replyTo: (query: Query) => Reply | null,
  onReply: OnReply,
): boolean {
  for (let k = 0; k < waiting.length; k++) {
    const i = waiting[k];
    const reply = replyTo(queries[i]);
    if (reply === null) continue;
    waiting.splice(k, 1);
    onReply(i, reply);
    return true;
  }
  return false;
}

function refused(query: Query): Reply {
  return hasEDNS(query) ? "plain" : new FormatError("server refuses the query");
}

/** Whether the response shows that the server does not support EDNS. RFC 6891, section 7. */
function wantsPlain(message: Uint8Array, query: Query): boolean {
  const rcode = rcodeOf(message);
  return hasEDNS(query) && (rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP);
}

function hasEDNS({ bytes, questionEnd }: Query): boolean {
  return bytes.length > questionEnd;
}

/** Sends queries over a stream and waits for their responses, in any order. Parks. */
export function* exchangeOverStream(
  conn: Conn,
  queries: readonly Query[],
  onReply: OnReply,
): Routine<void> {
  const waiting = indexes(queries);
  let failure: Error | null = null;
  try {
    yield* conn.write(framed(queries));
    for (let stray = 0; waiting.length > 0 && stray < MOST_STRAY;) {
      const message = yield* readFrame(conn);
      if (!assign(queries, waiting, (query) => streamReply(message, query), onReply)) stray++;
    }
  } catch (error) {
    failure = asError(error);
  }
  for (const i of waiting) onReply(i, failure ?? new FormatError("no matching response"));
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
