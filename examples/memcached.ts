// SPDX-License-Identifier: MIT
/**
 * A client of memcached over a pool of connections, each of which has one call at a time. As a
 * program, it makes one call. Runs in an empty folder:
 *
 *   npm install @netpoll/netpoll
 *   bun memcached.ts set greeting hello 60                   # or: deno run -A memcached.ts ...
 *   bun memcached.ts get greeting
 *
 * MEMCACHED (127.0.0.1:11211) from the environment is the server.
 */
import {
  BufferedReader,
  BufferedWriter,
  type Conn,
  ConnPool,
  dial,
  type Routine,
  run,
} from "@netpoll/netpoll";
import process from "node:process";

/** An answer that is an error: of the server, or because of what it was sent. */
export class MemcachedError extends Error {
  override readonly name = "MemcachedError";
}

/** Reads an answer. */
type Answer<T> = (reader: BufferedReader<Conn>) => Routine<T>;

const DIAL_MS = 3_000;
const MAX_ITEM = 1 << 20;
const MAX_KEY = 250;
const CR = 0x0d;
const LF = 0x0a;

/** A connection of the pool. */
class Link implements Disposable {
  readonly conn: Conn;
  readonly reader: BufferedReader<Conn>;
  readonly writer: BufferedWriter<Conn>;

  constructor(conn: Conn) {
    this.conn = conn;
    this.reader = new BufferedReader(conn, { maxBytes: MAX_ITEM });
    this.writer = new BufferedWriter(conn);
  }

  [Symbol.dispose](): void {
    this.conn[Symbol.dispose]();
  }
}

/** See the top of this file. An error of a connection ends it, and the call that it had. */
export class Memcached implements Disposable {
  readonly #pool: ConnPool<Link>;

  constructor(address: string) {
    this.#pool = new ConnPool({
      open: function* () {
        return new Link(yield* dial("tcp", address, { timeout: DIAL_MS }));
      },
      // An answer of the server's is whole; after anything else the next one cannot be found.
      keepAfter: (error) => error instanceof MemcachedError,
    });
  }

  /** Returns the values of those keys that there are. Parks. */
  *get(...keys: string[]): Routine<Map<string, Uint8Array>> {
    return yield* this.#call(
      `get ${keys.map(checkKey).join(" ")}\r\n`,
      (reader) => readValues(reader, new Set(keys)),
    );
  }

  /** Stores a value; false if "add" or "replace" did not. Parks. */
  *set(
    key: string,
    value: string | Uint8Array,
    { expires = 0, verb = "set" }: {
      expires?: number;
      verb?: "set" | "add" | "replace" | "append" | "prepend";
    } = {},
  ): Routine<boolean> {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    const head = `${verb} ${checkKey(key)} 0 ${expires} ${bytes.length}\r\n`;
    return yield* this.#call([head, bytes, "\r\n"], oneOf("STORED", "NOT_STORED"));
  }

  /** Removes a key; false if there was none. Parks. */
  *delete(key: string): Routine<boolean> {
    const request = `delete ${checkKey(key)}\r\n`;
    return yield* this.#call(request, oneOf("DELETED", "NOT_FOUND"));
  }

  /** Adds to a number, and returns the sum; null if there is no such key. Parks. */
  *increment(key: string, by = 1): Routine<number | null> {
    const [verb, amount] = by < 0 ? ["decr", -by] : ["incr", by];
    return yield* this.#call(`${verb} ${checkKey(key)} ${amount}\r\n`, readSum);
  }

  /** Returns the server's version. Parks. */
  *version(): Routine<string> {
    return (yield* this.#call("version\r\n", readLine)).replace("VERSION ", "");
  }

  /** Closes the pool; calls under way complete. */
  [Symbol.dispose](): void {
    this.#pool.close();
  }

  /** Sends a request in one piece, and waits for its answer. */
  #call<T>(request: string | (string | Uint8Array)[], read: Answer<T>): Routine<T> {
    return this.#pool.use(function* ({ reader, writer }) {
      yield* writer.writev(typeof request === "string" ? [request] : request);
      return yield* read(reader);
    });
  }
}

/** Connects to a server. Parks. */
export function* connect(address: string): Routine<Memcached> {
  const client = new Memcached(address);
  // A server that is not there is an error here already.
  yield* client.version();
  return client;
}

function checkKey(key: string): string {
  if (/^[^\0-\x20\x7f]+$/.test(key) && new TextEncoder().encode(key).length <= MAX_KEY) return key;
  throw new MemcachedError(
    `a key has 1 to ${MAX_KEY} bytes, and no spaces: ${JSON.stringify(key)}`,
  );
}

function* readLine(reader: BufferedReader<Conn>): Routine<string> {
  const line = yield* reader.line({ whole: true });
  if (line === null) throw new Error("memcached: the server closed the connection");
  if (/^(ERROR|CLIENT_ERROR|SERVER_ERROR)/.test(line)) throw new MemcachedError(line);
  return line;
}

/** Reads "VALUE key flags length", the value, and so on until "END"; only of keys that are wanted. */
function* readValues(
  reader: BufferedReader<Conn>,
  wanted: Set<string>,
): Routine<Map<string, Uint8Array>> {
  const values = new Map<string, Uint8Array>();
  for (let line; (line = yield* readLine(reader)) !== "END";) {
    const [, key, length] = /^VALUE (\S+) \d+ (\d+)$/.exec(line) ?? [];
    if (!wanted.has(key)) throw unexpected(line);
    const value = yield* reader.bytes(Number(length), { copy: true });
    const end = yield* reader.bytes(2);
    if (value === null || end?.[0] !== CR || end[1] !== LF) throw unexpected(line);
    values.set(key, value);
  }
  return values;
}

/** An answer that is one of two lines: whether it is the first. */
function oneOf(yes: string, no: string): Answer<boolean> {
  return function* (reader) {
    const line = yield* readLine(reader);
    if (line !== yes && line !== no) throw unexpected(line);
    return line === yes;
  };
}

function* readSum(reader: BufferedReader<Conn>): Routine<number | null> {
  const line = yield* readLine(reader);
  // "decr" leaves spaces behind a number that has become shorter.
  if (/^[0-9]+ *$/.test(line)) return Number(line);
  if (line !== "NOT_FOUND") throw unexpected(line);
  return null;
}

/** No MemcachedError: the connection is out of step, and is not used again. */
function unexpected(line: string): Error {
  return new Error(`memcached: unexpected answer: ${JSON.stringify(line)}`);
}

function* main(): Routine<void> {
  const [verb = "version", key = "", value = "", expires = "0"] = process.argv.slice(2);
  using client = yield* connect(process.env.MEMCACHED ?? "127.0.0.1:11211");
  if (verb === "get") {
    const found = (yield* client.get(key)).get(key);
    console.log(found === undefined ? "not found" : new TextDecoder().decode(found));
  } else if (verb === "set") {
    console.log(yield* client.set(key, value, { expires: Number(expires) }));
  } else console.log(`memcached ${yield* client.version()}`);
}

if (import.meta.main) await run(main);
