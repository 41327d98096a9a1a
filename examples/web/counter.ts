// SPDX-License-Identifier: MIT
/**
 * A client of Redis for handlers of the host's servers: counts visits by INCR, over a pool of
 * connections in an open run. REDIS is the address, 127.0.0.1:6380 if it is not set:
 *
 *   bun examples/redis.ts
 */
import process from "node:process";
import { BufferedReader, type Conn, ConnPool, dial, openRun, type Routine } from "../../mod.ts";

/** A connection to Redis, with what has been read from it ahead. */
class RedisConn implements Disposable {
  readonly conn: Conn;
  readonly #reader: BufferedReader<Conn>;

  constructor(conn: Conn) {
    this.conn = conn;
    this.#reader = new BufferedReader(conn);
  }

  *increment(key: string): Routine<number> {
    const length = new TextEncoder().encode(key).length;
    yield* this.conn.write(`*2\r\n$4\r\nINCR\r\n$${length}\r\n${key}\r\n`);
    const reply = yield* this.#reader.line();
    if (reply === null) throw new Error("redis: the connection was closed");
    if (!reply.startsWith(":")) throw new ReplyError(reply);
    return Number(reply.slice(1));
  }

  [Symbol.dispose](): void {
    this.conn[Symbol.dispose]();
  }
}

/** An error that Redis replied, after which the connection is as good as before. */
class ReplyError extends Error {}

const { REDIS = "127.0.0.1:6380" } = process.env;

const app = openRun();
const conns = new ConnPool({
  *open() {
    return new RedisConn(yield* dial("tcp", REDIS, { timeout: 1000 }));
  },
  maxOpen: 5,
  keepAfter: (error) => error instanceof ReplyError,
});

/** Counts a visit of `path`. The signal of a request ends its wait when the client is gone. */
export function visit(path: string, signal?: AbortSignal): Promise<number> {
  return app.call(() => conns.use((redis) => redis.increment(`visits:${path}`), { signal }));
}

/** The handler of the servers that need no framework. */
export async function handle(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  try {
    return new Response(`${await visit(pathname, request.signal)}\n`);
  } catch (error) {
    console.error(`${pathname}: ${error}`);
    return new Response("no counter\n", { status: 502 });
  }
}

/** Closes the connections after `stop` has ended the server, at the first SIGINT or SIGTERM. */
export function closeAfter(stop: () => Promise<unknown>): void {
  const end = async () => {
    await stop();
    conns.close();
    await app.close();
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
}
