// SPDX-License-Identifier: MIT
// Reads or writes lines in one way and prints the time: `program.ts WAY LENGTH COUNT PEER`.
import process from "node:process";
import {
  BufferedReader,
  BufferedWriter,
  type Conn,
  dial,
  readAll,
  type Routine,
  runSync,
} from "../../mod.ts";
import { countByFunction, countInline, writeCollected, writeEncoded } from "./by_hand.ts";

const [way, lengthText, countText, peer] = process.argv.slice(2);
const length = Number(lengthText);
const count = Number(countText);
const line = "x".repeat(length) + "\n";
const HEAD = 32;

function* countBuffered(conn: Conn): Routine<number> {
  const reader = new BufferedReader(conn);
  let sum = 0;
  for (let line; (line = yield* reader.line()) !== null;) sum += line.length + 1;
  return sum;
}

function* writeBuffered(conn: Conn, line: string, count: number): Routine<void> {
  const out = new BufferedWriter(conn);
  for (let i = 0; i < count; i++) yield* out.write(line);
  yield* out.flush();
}

const READERS: Record<string, (conn: Conn) => Routine<number>> = {
  "line": countBuffered,
  "line-function": countByFunction,
  "line-inline": countInline,
};

const WRITERS: Record<string, (conn: Conn, line: string, count: number) => Routine<void>> = {
  "write": writeBuffered,
  "write-collected": writeCollected,
  "write-encoded": writeEncoded,
};

/** Reads or writes all lines; returns the number of bytes. */
function* move(conn: Conn): Routine<number> {
  const head = (word: string) => new TextEncoder().encode(word.padEnd(HEAD));
  if (way in READERS) {
    yield* conn.write(head(`s ${length} ${count} `));
    return yield* READERS[way](conn);
  }
  yield* conn.write(head("d "));
  yield* WRITERS[way](conn, line, count);
  conn.closeWrite();
  return Number(new TextDecoder().decode(yield* readAll(conn)));
}

runSync(function* () {
  using conn = yield* dial("tcp4", peer);
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  const moved = yield* move(conn);
  const { user, system } = process.cpuUsage(cpuStart);
  const ns = performance.now() - start;
  if (moved !== line.length * count) throw new Error(`${moved} bytes of ${line.length * count}`);
  console.log(JSON.stringify({ ns: ns * 1e6 / count, cpu: (user + system) * 1e3 / count }));
});
