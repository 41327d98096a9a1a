// SPDX-License-Identifier: MIT
/**
 * A server that is replaced while it runs, and drops no connection: start it, change it, start it
 * again. The new process asks the old one for its listener, over a Unix socket; the old one serves
 * the connections that it has to their end, and exits. A client that connects meanwhile waits in the
 * listener's queue, which belongs to neither. HOST, PORT and CONTROL come from the environment.
 *
 *     bun examples/handover.ts & sleep 1; bun examples/handover.ts
 *     deno run --allow-ffi --allow-net --allow-env --allow-sys examples/handover.ts
 */
import process from "node:process";
import {
  type Conn,
  dial,
  fileListener,
  go,
  joinHostPort,
  listen,
  type Listener,
  OpError,
  type Routine,
  run,
  type UnixConn,
  type UnixListener,
  WaitGroup,
} from "../mod.ts";

const { HOST = "127.0.0.1", PORT = "7007", CONTROL = "@netpoll-handover" } = process.env;

/** How long a process that asks for the listener may take to say that it has it. */
const PATIENCE_MS = 5000;

/** The connections that are being served. */
const serving = new WaitGroup();

function* main(): Routine<void> {
  const listener = (yield* takeOver()) ?? (yield* listen("tcp", joinHostPort(HOST, PORT)));
  const control = yield* listen("unix", CONTROL);
  const accepting = go(accept, listener);
  console.log(`${process.pid} serves ${listener.addr}`);
  using successor = yield* handOver(listener, control);
  // The socket itself lives on, in the successor's hands.
  listener.close();
  yield* accepting.join();
  control.close();
  // By the end of this connection the successor knows that the control socket's name is free.
  successor.close();
  console.log(`${process.pid} has handed over`);
  yield* serving.wait();
}

/** The listener of the process that runs now, or null if there is none. */
function* takeOver(): Routine<Listener | null> {
  let predecessor: UnixConn;
  try {
    predecessor = yield* dial("unix", CONTROL);
  } catch (error) {
    if (error instanceof OpError && ["ECONNREFUSED", "ENOENT"].includes(error.code)) return null;
    throw error;
  }
  using _ = predecessor;
  const buf = new Uint8Array(1);
  const message = yield* predecessor.readMsgUnix(buf);
  if (message?.fds.length !== 1) throw new Error("the old process did not hand over");
  yield* predecessor.write(buf);
  yield* predecessor.read(buf);
  return fileListener(message.fds[0], { own: true });
}

/** Waits for a process of the same user that takes the listener, and says so. */
function* handOver(listener: Listener, control: UnixListener): Routine<UnixConn> {
  for (;;) {
    const conn = yield* control.accept();
    try {
      conn.setDeadline(Date.now() + PATIENCE_MS);
      if (conn.peerCredentials().uid === process.getuid!()) {
        yield* conn.writeMsgUnix(Uint8Array.of(0), { fds: [listener.fd] });
        if ((yield* conn.read(new Uint8Array(1))) !== null) return conn;
      }
    } catch (error) {
      if (!(error instanceof OpError)) throw error; // It went away: we go on.
    }
    conn.close();
  }
}

function* accept(listener: Listener): Routine<void> {
  try {
    for (;;) serving.go(serve, yield* listener.accept());
  } catch (error) {
    if (listener.fd !== -1) throw error; // It was not we who closed it.
  }
}

/** Answers each message with the number of the process that serves it. */
function* serve(conn: Conn): Routine<void> {
  using _ = conn;
  const buf = new Uint8Array(1024);
  const answer = new TextEncoder().encode(`${process.pid}\n`);
  try {
    while ((yield* conn.read(buf)) !== null) yield* conn.write(answer);
  } catch (error) {
    if (!(error instanceof OpError)) throw error; // A peer may vanish.
  }
}

await run(main);
