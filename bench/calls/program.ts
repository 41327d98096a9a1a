// SPDX-License-Identifier: MIT
// Measures one way to run a small goroutine from the host's code, and prints a line of JSON.
// Arguments: the way, and the milliseconds to measure after a warm-up of half that time.
import process from "node:process";
import { type Conn, dial, go, gosched, listen, openRun, type Routine, run } from "../../mod.ts";

const BATCH = 1000;
const [way, ms] = [process.argv[2], Number(process.argv[3])];

let sum = 0;

/** A goroutine without waits. */
function* add(n: number): Routine<number> {
  return sum += n;
}

/** A goroutine with a second turn. */
function* turn(n: number): Routine<number> {
  yield* gosched();
  return sum += n;
}

function* echo(conn: Conn): Routine<void> {
  const buf = new Uint8Array(64);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

const message = new Uint8Array(64);
const reply = new Uint8Array(64);

function* ask(conn: Conn): Routine<number> {
  yield* conn.write(message);
  return (yield* conn.readFull(reply))!;
}

function* pairInRun(): Routine<Conn> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const client = yield* dial("tcp", String(listener.addr));
  go(echo, yield* listener.accept());
  return client;
}

/** Calls `batch` for `limit` milliseconds; returns nanoseconds per each of its BATCH calls. */
async function time(batch: () => Promise<void>, limit: number): Promise<number> {
  const start = performance.now();
  let [at, batches] = [start, 0];
  for (; at - start < limit; at = performance.now()) {
    await batch();
    batches++;
  }
  return (at - start) * 1e6 / (batches * BATCH);
}

async function times(batch: () => Promise<void>): Promise<number> {
  await time(batch, ms / 2);
  return await time(batch, ms);
}

/** The same within a run, where a goroutine is started and joined by another. */
function* timesInside(each: () => Routine<void>): Routine<number> {
  const measure = function* (limit: number): Routine<number> {
    const start = performance.now();
    let [at, batches] = [start, 0];
    for (; at - start < limit; at = performance.now()) {
      for (let i = 0; i < BATCH; i++) yield* each();
      batches++;
    }
    return (at - start) * 1e6 / (batches * BATCH);
  };
  yield* measure(ms / 2);
  return yield* measure(ms);
}

/** Awaits each call before the next. */
function oneByOne(call: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    for (let i = 0; i < BATCH; i++) await call();
  };
}

/** Runs all calls of a batch concurrently, like a server with many requests. */
function together(call: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < BATCH; i++) calls.push(call());
    await Promise.all(calls);
  };
}

async function inOpenRun(measure: (app: ReturnType<typeof openRun>) => Promise<number>) {
  await using app = openRun();
  return await measure(app);
}

const WAYS: Record<string, () => Promise<number>> = {
  "goroutine": () => run(() => timesInside(() => go(add, 1).join() as Routine<never>)),
  "goroutine-turn": () => run(() => timesInside(() => go(turn, 1).join() as Routine<never>)),
  "context-turn": () =>
    run(() => timesInside(() => go(turn, 1).join() as Routine<never>), { asyncContext: true }),
  "call": () => inOpenRun((app) => times(oneByOne(() => app.call(add, 1)))),
  "call-together": () => inOpenRun((app) => times(together(() => app.call(add, 1)))),
  "call-turn": () => inOpenRun((app) => times(oneByOne(() => app.call(turn, 1)))),
  "call-turn-together": () => inOpenRun((app) => times(together(() => app.call(turn, 1)))),
  "promise": () => inOpenRun((app) => times(together(() => app.go(add, 1).promise))),
  "async": () => times(oneByOne(async () => await (sum += 1))),
  "goroutine-echo": () =>
    run(function* () {
      const conn = yield* pairInRun();
      return yield* timesInside(() => ask(conn) as Routine<never>);
    }),
  "call-echo": () =>
    inOpenRun(async (app) => {
      const conn = await app.call(pairInRun);
      return await times(oneByOne(() => app.call(ask, conn)));
    }),
};

const ns = await WAYS[way]();
console.log(JSON.stringify({ ns }));
