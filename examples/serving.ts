// SPDX-License-Identifier: MIT
/**
 * What the servers of this folder have in common: HOST and PORT from the environment, a goroutine a
 * connection, and an orderly end. SIGINT or SIGTERM stops the accepting; the connections that are
 * open then have GRACE_MS to finish.
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
  type Routine,
  run,
  type TCPAddr,
  wait,
} from "../mod.ts";

const GRACE_MS = 2000;

/** A server by its name, for who starts it: the port if PORT is not set, and what serves a connection. */
export interface Service {
  name: string;
  port: number;
  /** Serves `conn`, which is closed when it returns. An OpError is the end of this connection only. */
  serve(conn: Conn): Routine<void>;
  /** How it was started, for those who try it by hand: "npm start". */
  command?: string;
  /** Goes on beside that, until the server ends. */
  beside?(): Routine<void>;
}

/** Runs a server until a signal stops it. Reports a failure on stderr and by the exit status. */
export async function serveUntilStopped(service: Service): Promise<void> {
  try {
    await run(() => main(service));
  } catch (error) {
    console.error(`${service.name}: ${(error as Error).message}${cure(error, service)}`);
    process.exitCode = 1;
  }
}

/** What to do about `error`, if that is known. */
function cure(error: unknown, { command, port }: Service): string {
  const { code } = error as { code?: string };
  if (command === undefined || code !== "EADDRINUSE") return "";
  const { PORT = String(port) } = process.env;
  return `\nchoose another port: PORT=${Number(PORT) + 1} ${command}`;
}

let stopping = false;

/** Whether the server has been told to stop: what can end shall. */
export function ending(): boolean {
  return stopping;
}

/** The open connections, each with the goroutine that serves it. */
const open = new Map<Conn, Goroutine<void>>();

function* main(service: Service) {
  const { HOST = "127.0.0.1", PORT = String(service.port) } = process.env;
  const stopped = signal("SIGINT", "SIGTERM");
  using listener = yield* listen("tcp", joinHostPort(HOST, PORT));
  const { runtime, poller } = platformInfo();
  console.log(`listening on ${listener.addr} (${runtime}, ${poller})`);
  const { ip, port } = listener.addr as TCPAddr;
  if (service.command !== undefined) console.log(`try it: nc ${ip} ${port}; Ctrl-C stops it`);
  if (service.beside !== undefined) go(service.beside);
  const accepting = go(accept, listener, service);
  yield* wait(stopped);
  stopping = true;
  listener.close();
  yield* accepting.join();
  for (const conn of open.keys()) conn.setDeadline(Date.now() + GRACE_MS);
  for (const serving of open.values()) yield* serving.join();
}

function* accept(listener: Listener, service: Service) {
  try {
    for (;;) {
      const conn = yield* listener.accept();
      open.set(conn, go(serve, conn, service));
    }
  } catch (error) {
    if (listener.fd !== -1) throw error; // It was not we who closed it.
  }
}

function* serve(conn: Conn, service: Service) {
  try {
    yield* service.serve(conn);
    if (conn.fd !== -1) conn.close();
  } catch (error) {
    if (conn.fd !== -1) conn.abort();
    if (!(error instanceof OpError)) throw error; // A peer may vanish, a deadline may pass.
  } finally {
    open.delete(conn);
  }
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
