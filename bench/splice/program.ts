// SPDX-License-Identifier: MIT
// Transfers bytes in one way and prints the time: `program.ts WAY BYTES PEER FILE`.
import { closeSync, openSync, readSync } from "node:fs";
import process from "node:process";
import {
  type Conn,
  copy,
  dial,
  readAll,
  type Routine,
  runSync,
  sendFile,
  splice,
} from "../../mod.ts";

const [way, bytes, peer, path] = process.argv.slice(2);
const length = Number(bytes);
/** As much as the kernel usually returns at once. */
const BUFFER = 64 * 1024;

function* connect(word: string): Routine<Conn> {
  const conn = yield* dial("tcp4", peer);
  yield* conn.write(new TextEncoder().encode(word));
  return conn;
}

/** One direction of a proxy by plain reads and writes. */
function* readAndWrite(from: Conn, to: Conn): Routine<void> {
  const buf = new Uint8Array(BUFFER);
  for (let n; (n = yield* from.read(buf)) !== null;) yield* to.write(buf.subarray(0, n));
}

/** A file response by plain reads and writes. */
function* fileByHand(to: Conn): Routine<void> {
  const file = openSync(path, "r");
  const buf = new Uint8Array(BUFFER);
  for (let n; (n = readSync(file, buf)) > 0;) yield* to.write(buf.subarray(0, n));
  closeSync(file);
}

function* move(to: Conn): Routine<void> {
  if (way === "sendfile") yield* sendFile(to, path);
  else if (way === "file-read-write") yield* fileByHand(to);
  else {
    using from = yield* connect("s" + String(length).padStart(15, "0"));
    if (way === "splice") yield* splice(from, to);
    else if (way === "copy") yield* copy({ write: (p) => to.write(p) }, from);
    else yield* readAndWrite(from, to);
  }
}

/** Returns the process's clock and its CPU time, in seconds. */
function clocks(): [number, number] {
  const { user, system } = process.cpuUsage();
  return [performance.now() / 1000, (user + system) / 1e6];
}

runSync(function* () {
  using to = yield* connect("d".padEnd(16));
  const [start, cpuStart] = clocks();
  yield* move(to);
  to.closeWrite();
  const got = Number(new TextDecoder().decode(yield* readAll(to)));
  const [end, cpuEnd] = clocks();
  if (got !== length) throw new Error(`${got} of ${length} bytes arrived`);
  console.log(JSON.stringify({ seconds: end - start, cpu: cpuEnd - cpuStart }));
});
