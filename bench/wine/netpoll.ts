// SPDX-License-Identifier: MIT
// Both ends of an echo in one process, over the library. Arguments: `run` or `runSync`, the number
// of connections, the round trips on each, and the number before those, during which JIT compilers
// use the processor too. Its last line is the round trips per second.
import process from "node:process";
import {
  type Conn,
  dial,
  go,
  type Goroutine,
  listen,
  type Routine,
  run,
  runSync,
} from "../../mod.ts";

const BYTES = 64;
const [driver, ...counts] = process.argv.slice(2);
const [connections, trips, warmUp] = counts.map(Number);
let answered = 0;
let start = 0;

function* serve(conn: Conn): Routine<void> {
  using _ = conn;
  const buf = new Uint8Array(512);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

function* ask(address: string, fill: number): Routine<void> {
  using conn = yield* dial("tcp", address);
  const message = new Uint8Array(BYTES).fill(fill);
  const answer = new Uint8Array(BYTES);
  for (let i = 0; i < warmUp + trips; i++) {
    yield* conn.write(message);
    yield* conn.readFull(answer);
    if (answer[BYTES - 1] !== fill) throw new Error("another's answer");
    if (++answered === connections * warmUp) start = performance.now();
  }
}

function* main(): Routine<void> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  go(function* () {
    for (;;) go(serve, yield* listener.accept());
  });
  const asking: Goroutine<void>[] = [];
  for (let i = 0; i < connections; i++) asking.push(go(ask, String(listener.addr), i + 1));
  for (const each of asking) yield* each.join();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${Math.round(connections * trips / seconds)} round trips/s`);
}

if (driver === "runSync") runSync(main);
else await run(main);
process.exit(0);
