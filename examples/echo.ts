// SPDX-License-Identifier: MIT
/**
 * An echo server, a goroutine a connection: `npm start`. HOST and PORT come from the environment.
 * SIGINT or SIGTERM ends it in order: no new connections, and the open ones have GRACE_MS to finish.
 */
import process from "node:process";
import {
  type Conn,
  go,
  type Goroutine,
  joinHostPort,
  listen,
  type Listener,
  OpError,
  platformInfo,
  run,
  wait,
} from "../mod.ts";

const { HOST = "127.0.0.1", PORT = "7007" } = process.env;
const GRACE_MS = 2000;

/** The open connections, each with the goroutine that serves it. */
const open = new Map<Conn, Goroutine<void>>();

function* main() {
  const stopped = signal("SIGINT", "SIGTERM");
  using listener = yield* listen("tcp", joinHostPort(HOST, PORT));
  const { runtime, poller } = platformInfo();
  console.log(`listening on ${listener.addr} (${runtime}, ${poller})`);
  const accepting = go(accept, listener);
  yield* wait(stopped);
  listener.close();
  yield* accepting.join();
  for (const conn of open.keys()) conn.setDeadline(Date.now() + GRACE_MS);
  for (const serving of open.values()) yield* serving.join();
}

function* accept(listener: Listener) {
  try {
    for (;;) {
      const conn = yield* listener.accept();
      open.set(conn, go(serve, conn));
    }
  } catch (error) {
    if (listener.fd !== -1) throw error; // It was not we who closed it.
  }
}

function* serve(conn: Conn) {
  try {
    yield* echo(conn);
    conn.close();
  } catch (error) {
    conn.abort();
    if (!(error instanceof OpError)) throw error; // A peer may vanish, a deadline may pass.
  } finally {
    open.delete(conn);
  }
}

function* echo(conn: Conn) {
  const buf = new Uint8Array(16 * 1024);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

/** Resolves at the first of these signals; the next one does what it always does. */
function signal(...names: NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    const caught = () => {
      for (const name of names) process.off(name, caught);
      resolve();
    };
    for (const name of names) process.on(name, caught);
  });
}

try {
  await run(main);
} catch (error) {
  console.error(`echo: ${(error as Error).message}`);
  process.exitCode = 1;
}
