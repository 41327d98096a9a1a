// SPDX-License-Identifier: MIT
/**
 * The debug page of a busy program: an echo server of goroutines and one on worker threads, both
 * under load, and the page over the HTTP example. HOST and PORT are those of the page.
 */
import process from "node:process";
import { debugHandler } from "../debug.ts";
import {
  type Chan,
  chan,
  type Conn,
  dial,
  go,
  joinHostPort,
  listen,
  Mutex,
  notify,
  OpError,
  type Routine,
  run,
  serve,
  sleep,
} from "../mod.ts";
import { openReactor } from "../reactor.ts";
import { serveHttp } from "./http/serve.ts";

const { HOST = "127.0.0.1", PORT = "9090" } = process.env;
/** Connections of the echo server, and how many clients try to have one. */
const MOST = 40;
const CLIENTS = 48;
const MESSAGE_BYTES = 512;
/** Longest pause of a client between two messages, in milliseconds. */
const MOST_PAUSE_MS = 40;
const RETRY_MS = 250;

await run(main, { debug: true });
process.exit();

function* main(): Routine<void> {
  const { context } = notify("SIGINT", "SIGTERM");
  using reactor = yield* openReactor(new URL("./echo_handler.ts", import.meta.url), { workers: 2 });
  const shared = yield* reactor.listen("tcp", "127.0.0.1:0");
  using echo = yield* listen("tcp", "127.0.0.1:0");
  const limits = { connections: { most: MOST, policy: "refuse" as const } };
  go(() => serve(echo, echoBack, { limits, grace: 0, context, onError: ignore }));
  for (let i = 0; i < CLIENTS; i++) go(client, String(echo.addr));
  for (let i = 0; i < 6; i++) go(client, String(shared));
  startWorkers();

  const debug = debugHandler({ reactors: { echo: reactor }, token: process.env.TOKEN });
  using page = yield* listen("tcp", joinHostPort(HOST, PORT));
  console.log(`http://${page.addr}/#token=${debug.token}`);
  yield* serve(page, (conn) => showPage(conn, debug), { context, grace: 0, onError: ignore });
}

/** Answers every request of a connection by the debug page. */
function showPage(conn: Conn, debug: ReturnType<typeof debugHandler>): Routine<void> {
  const hostname = (conn.remoteAddr as { ip?: string }).ip;
  return serveHttp(conn, ({ request }) => debug(request, { remoteAddr: { hostname } }));
}

function* echoBack(conn: Conn): Routine<void> {
  const buf = new Uint8Array(4096);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

/** Sends messages for a while, over and over; one that the limit refuses tries again. */
function* client(address: string): Routine<void> {
  const message = new Uint8Array(MESSAGE_BYTES);
  for (;;) {
    try {
      using conn = yield* dial("tcp", address);
      for (let left = Math.random() * 500; left > 0; left--) {
        conn.setReadDeadline(Date.now() + 5000);
        yield* conn.write(message);
        if ((yield* conn.readFull(message)) === null) break;
        yield* sleep(Math.random() * MOST_PAUSE_MS);
      }
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
    }
    yield* sleep(RETRY_MS);
  }
}

/** Keeps a channel and a lock busy. */
function startWorkers(): void {
  const jobs: Chan<number> = chan(8);
  const lock = new Mutex();
  go(function* producer() {
    for (let job = 0;; job++) {
      yield* jobs.send(job);
      yield* sleep(5);
    }
  });
  for (let i = 0; i < 4; i++) {
    go(function* worker() {
      for (;;) {
        yield* jobs.recv();
        using _ = yield* lock.locked();
        yield* sleep(3);
      }
    });
  }
}

/** A client that leaves is expected here. */
function ignore(): void {}
