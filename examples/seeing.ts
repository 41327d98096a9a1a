// SPDX-License-Identifier: MIT
/**
 * A look into a running program, over HTTP: what its goroutines are doing, its counters, a trace.
 * HOST and PORT come from the environment.
 *
 *   curl localhost:7008/dump
 *   curl localhost:7008/stats
 *   curl localhost:7008/trace > trace.json     for https://ui.perfetto.dev: the next half second
 */
import process from "node:process";
import {
  chan,
  type Conn,
  dump,
  dumpOnSignal,
  go,
  joinHostPort,
  listen,
  run,
  serve,
  sleep,
  startTrace,
  stats,
  stopTrace,
} from "../mod.ts";

const { HOST = "127.0.0.1", PORT = "7008" } = process.env;
const TRACE_MS = 500;
/** A request that is longer, or slower, is none. */
const LONGEST_REQUEST = 4096;
const SLOWEST_MS = 5000;

function* main() {
  go(work);
  using listener = yield* listen("tcp", joinHostPort(HOST, PORT));
  console.log(`listening on ${listener.addr}`);
  yield* serve(listener, inspect);
}

/** Something to look at. */
function* work() {
  const jobs = chan<number>(10);
  for (let i = 0; i < 3; i++) {
    go(function* worker() {
      for (;;) yield* sleep((yield* jobs.recv())!);
    });
  }
  for (let i = 0;; i++) {
    yield* jobs.send(i % 20);
    yield* sleep(5);
  }
}

function* inspect(conn: Conn) {
  conn.setDeadline(Date.now() + SLOWEST_MS);
  const path = yield* request(conn);
  const body = yield* answer(path);
  const status = body === null ? "404 Not Found" : "200 OK";
  const text = `${body ?? `nothing at ${path}: /dump, /stats, /trace`}\n`;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n`;
  yield* conn.write(new TextEncoder().encode(head + text));
}

/** The path that is asked for. */
function* request(conn: Conn) {
  const buf = new Uint8Array(LONGEST_REQUEST);
  let text = "";
  for (let had = 0; had < buf.length && !text.includes("\r\n\r\n");) {
    const n = yield* conn.read(buf.subarray(had));
    if (n === null) break;
    had += n;
    text = new TextDecoder().decode(buf.subarray(0, had));
  }
  return text.split(" ", 2)[1] ?? "";
}

function* answer(path: string) {
  switch (path) {
    case "/dump":
      return dump();
    case "/stats":
      return JSON.stringify(stats(), null, 2);
    case "/trace":
      startTrace();
      yield* sleep(TRACE_MS);
      return stopTrace();
    default:
      return null;
  }
}

using _ = dumpOnSignal();
await run(main, {
  debug: true,
  watchdog: 50,
  onPanic: (error, { name }) => console.error(`${name}: ${(error as Error).message}`),
});
