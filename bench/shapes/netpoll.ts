// SPDX-License-Identifier: MIT
// The shapes of bench:shapes for the library: the same loops as in go/main.go. Arguments: the shape
// and its own ones. Prints a line of JSON.
import process from "node:process";
import {
  BufferedReader,
  type Conn,
  copy,
  dial,
  go,
  listen,
  pipe,
  readAll,
  type Routine,
  run,
} from "../../mod.ts";
import { count, printed, pseudoRandom } from "./measure.mjs";

const MESSAGE = 64;
const HEAD = 16;
const FAR_MS = 60_000;

/** Serves an echo on a Unix socket. */
function* unix(path: string): Routine<void> {
  using listener = yield* listen("unix", path);
  console.log(`listening on ${path}`);
  for (;;) go(echo, yield* listener.accept());
}

function* echo(conn: Conn): Routine<void> {
  using chunks = conn.chunks();
  for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
  conn.close();
}

/** Round trips over an in-memory connection. */
function* overPipe(ms: string): Routine<void> {
  const [client, server] = pipe();
  go(function* () {
    const buf = new Uint8Array(MESSAGE);
    for (let n; (n = yield* server.read(buf)) !== null;) yield* server.write(buf.subarray(0, n));
  });
  const [message, reply] = [new Uint8Array(MESSAGE), new Uint8Array(MESSAGE)];
  const timing = count(Number(ms));
  while (timing.goOn()) {
    yield* client.write(message);
    yield* client.readFull(reply);
  }
  printed(timing.result());
  client.close();
}

function* connect(peer: string, word: string): Routine<Conn> {
  const conn = yield* dial("tcp4", peer);
  yield* conn.write(word.padEnd(HEAD));
  return conn;
}

/** Copies a stream whose head a buffered reader has read. */
function* copyRest(length: string, peer: string): Routine<void> {
  using to = yield* connect(peer, "d");
  using from = yield* connect(peer, `s${length}`);
  const reader = new BufferedReader(from);
  const timing = count(Infinity);
  yield* reader.bytes(HEAD);
  yield* copy(to, reader.detachConn());
  to.closeWrite();
  const received = Number(new TextDecoder().decode(yield* readAll(to)));
  if (received !== Number(length) - HEAD) throw new Error(`${received} bytes arrived`);
  printed(timing.resultOf(received));
}

/** Connects, makes one round trip and closes, in `count` goroutines. */
function* dials(ms: string, peer: string, goroutines: string): Routine<void> {
  const timing = count(Number(ms));
  const message = new Uint8Array(MESSAGE);
  function* one(): Routine<void> {
    const reply = new Uint8Array(MESSAGE);
    while (timing.goOn()) {
      const conn = yield* dial("tcp4", peer);
      yield* conn.write(message);
      yield* conn.readFull(reply);
      conn.close();
    }
  }
  const all = Array.from({ length: Number(goroutines) }, () => go(one));
  for (const g of all) yield* g.join();
  printed(timing.result());
}

/** Reads on many in-memory connections, each with a deadline that moves if `moves`. */
function* deadlines(ms: string, connections: string, moves: string): Routine<void> {
  const writers: Conn[] = [];
  function* reading(conn: Conn): Routine<void> {
    const buf = new Uint8Array(MESSAGE);
    do {
      if (moves === "true") conn.setReadDeadline(Date.now() + FAR_MS);
    } while ((yield* conn.read(buf)) !== null);
  }
  for (let i = 0; i < Number(connections); i++) {
    const [writer, reader] = pipe();
    writers.push(writer);
    go(reading, reader);
  }
  const message = new Uint8Array(MESSAGE);
  const next = pseudoRandom(writers.length);
  const timing = count(Number(ms));
  while (timing.goOn()) yield* writers[next()].write(message);
  printed(timing.result());
  process.exit(0);
}

const SHAPES: Record<string, (...args: string[]) => Routine<void>> = {
  unix,
  pipe: overPipe,
  copy: copyRest,
  dial: dials,
  deadlines,
};

const [shape, ...args] = process.argv.slice(2);
await run(() => SHAPES[shape](...args));
