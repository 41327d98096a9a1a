// SPDX-License-Identifier: MIT
/** Reactors, pools and limits in hands that err: each error says what was wrong, and nothing is left. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ClosedError,
  type Conn,
  dial,
  go,
  gosched,
  listen,
  type Routine,
  sleep,
} from "../../mod.ts";
import { limit, type Limits, openReactor, openWorkerPool, type WorkerPool } from "../../reactor.ts";
import { both, openSockets, runBy, thrown, until } from "../support/harness.ts";
import { bothWithWorkers, noSharing } from "../support/left.ts";

const HANDLER = new URL("./handlers/echo.ts", import.meta.url);
const JOBS = new URL("./handlers/jobs.ts", import.meta.url);

/** Longer than any test. */
const LATER = 1_000_000;

/** What `routine` throws, which must be a TypeError with this text. */
function* refused<T>(routine: Routine<T>, text: RegExp): Routine<void> {
  const error = yield* thrown(routine);
  assert.ok(error instanceof TypeError, String(error));
  assert.match(error.message, text);
}

bothWithWorkers("data that cannot be copied is an error of openReactor alone", function* () {
  const sockets = openSockets();
  const data = { call: () => {} };
  const error = yield* thrown(openReactor(HANDLER, { workers: 2, data }));
  assert.equal((error as Error).name, "DataCloneError");
  assert.equal(openSockets(), sockets);
});

bothWithWorkers("the deadline of a shutdown must be a number", function* () {
  const reactor = yield* openReactor(HANDLER, { workers: 1 });
  const pool = yield* openWorkerPool(JOBS, { workers: 1 });
  for (const ended of [reactor, pool]) {
    for (const wrong of [NaN, "soon", null, new Date()]) {
      const options = { deadline: wrong as number };
      yield* refused<unknown>(ended.shutdown(options), /deadline must be a number/);
    }
    yield* refused<unknown>(ended.shutdown(null as never), /options must be an object/);
  }
  // Refused is not begun: both go on.
  assert.equal(reactor.workers[0].state, "serving");
  assert.equal(yield* pool.submit("add", 1, 2), 3);
  // One that has passed is no error, nor is one that never comes.
  assert.deepEqual(yield* reactor.shutdown({ deadline: -5 }), { cut: 0 });
  yield* pool.shutdown({ deadline: Infinity });
});

bothWithWorkers(
  "a reactor may be ended twice, by several callers, and from its own callbacks",
  function* () {
    const reactor = yield* openReactor(HANDLER, { workers: 2 });
    const other = go(() => reactor.shutdown());
    assert.deepEqual(yield* reactor.shutdown(), { cut: 0 });
    assert.deepEqual(yield* other.join(), { cut: 0 });
    assert.deepEqual(yield* reactor.shutdown(), { cut: 0 });
    reactor.close();
    const listener = yield* listen("tcp", "127.0.0.1:0");
    yield* reactor.serve(listener);
    assert.equal(listener.fd, -1);
    yield* reactor.serve(listener);
    for (const worker of reactor.workers) {
      worker.terminate();
      worker.pause();
      worker.resume();
      assert.equal(worker.state, "ended");
      assert.equal(worker.connections, 0);
    }

    const dying = yield* openReactor(HANDLER, {
      workers: 2,
      restart: { delay: LATER, longest: LATER },
      onWorkerEnd: () => dying.close(),
    });
    dying.workers[0].terminate();
    yield* dying.wait();
    yield* until(() => dying.workers.every(({ state }) => state === "ended"));
  },
);

bothWithWorkers(
  "a shutdown releases ports while a worker waits for its restart",
  function* () {
    const reactor = yield* openReactor(HANDLER, {
      workers: 2,
      restart: { delay: LATER, longest: LATER },
    });
    const address = String(yield* reactor.listen("tcp", "127.0.0.1:0"));
    reactor.workers[0].terminate();
    yield* until(() => reactor.workers[0].state === "waiting");
    yield* reactor.shutdown();
    assert.deepEqual(reactor.workers.map(({ state }) => state), ["ended", "ended"]);
    // Without SO_REUSEPORT it is free only if no socket has it.
    (yield* listen("tcp", address)).close();
  },
  noSharing,
);

bothWithWorkers(
  "options that workers do not support are refused before anything is bound",
  function* () {
    const reactor = yield* openReactor(HANDLER, { workers: 1 });
    const sockets = openSockets();
    yield* refused(
      reactor.listen("tcp", "127.0.0.1:0", { control: () => {} }),
      /control is a function, which cannot be copied/,
    );
    assert.equal(openSockets(), sockets);
    yield* reactor.shutdown();
  },
);

bothWithWorkers(
  "two reactors may serve one listener, and the first to end closes it",
  function* () {
    const a = yield* openReactor(HANDLER, { workers: 1 });
    const b = yield* openReactor(HANDLER, { workers: 1 });
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const serving = [a, a, b].map((reactor) => go(() => reactor.serve(listener)));
    const conns: Conn[] = [];
    for (let i = 0; i < 4; i++) conns.push(yield* dial("tcp", String(listener.addr)));
    yield* until(() => a.counters.open + b.counters.open === 4);
    for (const conn of conns) conn.close();
    yield* a.shutdown();
    assert.equal(listener.fd, -1);
    for (const one of serving) yield* one.join();
    yield* b.shutdown();
  },
);

for (const driver of ["run", "runSync"] as const) {
  test(`the end of a run is not reported as a worker's failure (${driver})`, async () => {
    const told: unknown[] = [];
    const onWorkerEnd = (report: unknown) => void told.push(report);
    const kept = await runBy(driver, function* () {
      const reactor = yield* openReactor(HANDLER, { workers: 2, onWorkerEnd });
      yield* openWorkerPool(JOBS, { workers: 2, onWorkerEnd });
      return reactor.workers;
    });
    assert.deepEqual(kept.map(({ state }) => state), ["ended", "ended"]);
    assert.deepEqual(told, []);
  });
}

bothWithWorkers("a handler that is no function* is named in the error", function* () {
  const panics: string[] = [];
  const reactor = yield* openReactor(HANDLER, {
    workers: 1,
    name: "waitsInVain",
    onPanic: (error) => panics.push(String(error)),
  });
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const serving = go(() => reactor.serve(listener));
  const conn = yield* dial("tcp", String(listener.addr));
  assert.equal(yield* conn.read(new Uint8Array(1)), null);
  yield* until(() => panics.length === 1);
  assert.match(
    panics[0],
    /^TypeError: Cannot serve as waitsInVain is not a function\*, it is an async/,
  );
  conn.close();
  yield* reactor.shutdown();
  yield* serving.join();
});

bothWithWorkers("an invalid job is refused, and the pool continues", function* () {
  const pool: WorkerPool = yield* openWorkerPool(JOBS, { workers: 1 });
  const WRONG: [unknown, RegExp][] = [
    [null, /request must be an object/],
    [5, /request must be an object/],
    [{}, /name must be a string/],
    [{ name: "add", args: 5 }, /args must be an array/],
    [{ name: "add", transfer: new ArrayBuffer(1) }, /transfer must be an array/],
  ];
  for (const [job, text] of WRONG) yield* refused(pool.submit(job as never), text);
  yield* refused(pool.submit("constructor"), /must export a function constructor/);
  yield* refused(pool.submit("constant"), /must export a function constant/);
  assert.equal(yield* pool.submit("add", 1, 2), 3);
  assert.equal(pool.counters.queued, 0);
  yield* pool.shutdown();
});

bothWithWorkers("any value thrown by a job is passed on, and its worker continues", function* () {
  const pool: WorkerPool = yield* openWorkerPool(JOBS, { workers: 1, restart: false });
  assert.deepEqual(Object.keys((yield* thrown(pool.submit("failWithoutText"))) as object), []);
  const unreadable = yield* thrown(pool.submit("failUnreadably"));
  assert.equal(String(unreadable), "Error: an error whose properties cannot be read was thrown");
  assert.equal(yield* pool.submit("add", 1, 2), 3);
  yield* pool.shutdown();
});

both("onShed may close its listener", function* () {
  const inner = yield* listen("tcp", "127.0.0.1:0");
  const listener = limit(inner, { connections: 1, onShed: () => inner.close() });
  const a = yield* dial("tcp", String(listener.addr));
  const served = yield* listener.accept();
  const error = yield* thrown(listener.accept());
  assert.ok((error as Error).cause instanceof ClosedError, String(error));
  a.close();
  served.close();
});

both("a limiter that never opens again does not spin", function* () {
  using listener = limit(yield* listen("tcp", "127.0.0.1:0"), {
    acceptRate: Number.MIN_VALUE,
  });
  using a = yield* dial("tcp", String(listener.addr));
  using served = yield* listener.accept();
  const accepting = go(() => thrown(listener.accept()));
  for (let i = 0; i < 10; i++) yield* gosched();
  assert.equal(accepting.status, "waiting");
  yield* sleep(5);
  listener.close();
  assert.match(String(yield* accepting.join()), /closed/);
  void a, served;
});

const WRONG: [unknown, RegExp][] = [
  [null, /expected object/],
  [{ reply: "x".repeat(8193) }, /reply: expected at most 8192 bytes/],
  [{ reply: "ä".repeat(4097) }, /reply: expected at most 8192 bytes/],
  [{ connections: NaN }, /connections/],
  [{ connections: 2 ** 53 }, /connections/],
  [{ acceptRate: Infinity }, /acceptRate/],
  [{ firstBytes: { within: -1 } }, /within/],
];

both("invalid limits are named in the error", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  for (const [limits, text] of WRONG) {
    assert.throws(
      () => limit(listener, limits as Limits),
      (error) => error instanceof TypeError && text.test(error.message),
    );
  }
  limit(listener, { reply: "x".repeat(8192), connections: Number.MAX_SAFE_INTEGER });
  for (const wrong of [null, Symbol("listener"), limit(listener, {})]) {
    assert.throws(() => limit(wrong as never, {}), /must be a result of listen/);
  }
});
