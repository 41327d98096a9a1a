// SPDX-License-Identifier: MIT
/**
 * What takes the processor for long is done elsewhere, and the connections go on: each line that a
 * client sends is a number, and the answer is how many primes there are below it. HOST and PORT come
 * from the environment.
 */
import process from "node:process";
import {
  BufferedReader,
  type Conn,
  joinHostPort,
  listen,
  type Routine,
  run,
  serve,
} from "../mod.ts";
import { openWorkerPool, OverloadError, type WorkerPool } from "../reactor.ts";

type Jobs = typeof import("./jobs.ts");
const { HOST = "127.0.0.1", PORT = "7008" } = process.env;
const MAX_LINE = 32;

await run(function* () {
  using pool = yield* openWorkerPool<Jobs>(new URL("./jobs.ts", import.meta.url), {
    queueLength: 100,
    whenFull: "refuse",
    queueDelay: { target: 500, interval: 1000 },
    jobTimeout: 10_000,
  });
  using listener = yield* listen("tcp", joinHostPort(HOST, PORT));
  console.log(`listening on ${listener.addr}`);
  yield* serve(listener, (conn) => primes(conn, pool));
});

/** Answers each line as it comes. One that is too long for a number ends the connection. */
function* primes(conn: Conn, pool: WorkerPool<Jobs>): Routine<void> {
  const reader = new BufferedReader(conn, { maxLine: MAX_LINE });
  for (let line; (line = yield* reader.line()) !== null;) {
    if (line !== "") yield* answer(conn, pool, Number(line));
  }
}

function* answer(conn: Conn, pool: WorkerPool<Jobs>, limit: number): Routine<void> {
  let text: string;
  try {
    text = String(yield* pool.submit("countPrimes", limit));
  } catch (error) {
    text = error instanceof OverloadError ? "busy" : `error: ${(error as Error).message}`;
  }
  yield* conn.write(new TextEncoder().encode(`${text}\n`));
}
