// SPDX-License-Identifier: MIT
// cspell:ignore wokers
/** Jobs in workers: results, errors, queues, ends. */
import assert from "node:assert/strict";
import { go, type Goroutine, gosched, type Routine, sleep } from "../../mod.ts";
import {
  openWorkerPool,
  type PoolOptions,
  type PoolWorkerReport,
  type WorkerPool,
} from "../../reactor.ts";
import type { G } from "../../src/sched/goroutine.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { both, thrown, until } from "../support/harness.ts";
import { bothWithWorkers, endsWithRun, withWorkers } from "../support/left.ts";

type Jobs = typeof import("../reactor/handlers/jobs.ts");
const JOBS = new URL("../reactor/handlers/jobs.ts", import.meta.url);

/** Runs `body` with a pool, and ends that. */
function* withPool(
  options: PoolOptions,
  body: (pool: WorkerPool<Jobs>) => Routine<void>,
): Routine<void> {
  const pool = yield* openWorkerPool<Jobs>(JOBS, options);
  yield* body(pool);
  yield* pool.shutdown();
}

bothWithWorkers("each result returns to its submitter", function* () {
  yield* withPool({ workers: 2 }, function* (pool) {
    assert.equal(yield* pool.submit("add", 1, 2), 3);
    const sums: Goroutine<number>[] = [];
    for (let i = 0; i < 100; i++) sums.push(go(() => pool.submit("add", i, i)));
    for (const [i, sum] of sums.entries()) assert.equal(yield* sum.join(), 2 * i);
    assert.equal(yield* pool.submit("slowly", "goroutine", 1), "goroutine");
    assert.deepEqual(pool.counters, {
      queued: 0,
      running: 0,
      done: 102,
      shed: { queueLength: 0, queueDelay: 0 },
    });
  });
});

bothWithWorkers("buffers are transferred in both directions", function* () {
  yield* withPool({ workers: 1 }, function* (pool) {
    const buffer = new ArrayBuffer(1000);
    const got = yield* pool.submit({ name: "take", args: [buffer], transfer: [buffer] });
    assert.equal(buffer.byteLength, 0);
    assert.equal(got.length, 1000);
    assert.equal(got.buffer.byteLength, 1000);
  });
});

bothWithWorkers("errors are passed to the submitter", function* () {
  yield* withPool({ workers: 1 }, function* (pool) {
    const error = (yield* thrown(pool.submit("fail"))) as RangeError & { code: string; at: number };
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, "out of range");
    assert.equal(error.code, "E_RANGE");
    assert.equal(error.at, 7);
    assert.match(error.stack!, /jobs\.ts/);
    assert.equal((error.cause as Error).name, "DeadlineExceededError");
    assert.equal((error.cause as { code: string }).code, "ETIMEDOUT");
    assert.deepEqual(yield* thrown(pool.submit("failOddly")), { odd: true });
    const name = "constant" as keyof Jobs & "add";
    assert.match(String(yield* thrown(pool.submit(name, 1, 2))), /must export a function constant/);
    assert.match(String(yield* thrown(pool.submit("later", "x"))), /returned a promise.*"run"/);
    const there = yield* thrown(pool.submit("uncloneable"));
    assert.equal((there as Error).name, "DataCloneError");
    const here = yield* thrown(pool.submit("add", (() => {}) as never, 1));
    assert.equal((here as Error).name, "DataCloneError");
    assert.equal(yield* pool.submit("add", 2, 2), 4);
  });
});

bothWithWorkers('jobs may return promises with the driver "run"', function* () {
  yield* withPool({ workers: 1, driver: "run" }, function* (pool) {
    assert.equal(yield* pool.submit("later", "x"), "x");
    assert.equal(yield* pool.submit("add", 2, 2), 4);
  });
});

/** A job that runs until it is canceled. */
class Held {
  readonly #words = new Int32Array(new SharedArrayBuffer(4));
  readonly job: Goroutine<void>;

  constructor(pool: WorkerPool<Jobs>) {
    this.job = go(() => pool.submit("hold", this.#words.buffer));
  }

  *begun(): Routine<void> {
    yield* until(() => Atomics.load(this.#words, 0) === 1);
  }

  *end(): Routine<void> {
    Atomics.store(this.#words, 0, 2);
    Atomics.notify(this.#words, 0);
    yield* this.job.join();
  }
}

bothWithWorkers("submit waits for a full queue, or refuses", function* () {
  yield* withPool({ workers: 1, queueLength: 2 }, function* (pool) {
    const held = new Held(pool);
    yield* held.begun();
    const jobs: Goroutine<number>[] = [];
    for (let i = 0; i < 5; i++) jobs.push(go(() => pool.submit("add", i, i)));
    yield* until(() => jobs.every(({ status }) => status === "waiting"));
    assert.equal(pool.counters.queued, 2);
    assert.equal(pool.counters.running, 1);
    yield* held.end();
    for (const [i, job] of jobs.entries()) assert.equal(yield* job.join(), 2 * i);
    assert.equal(pool.counters.done, 6);
  });
  const shed: string[] = [];
  const onShed = (limit: string) => shed.push(limit);
  yield* withPool({ workers: 1, queueLength: 1, whenFull: "refuse", onShed }, function* (pool) {
    const held = new Held(pool);
    yield* held.begun();
    const queued = go(() => pool.submit("add", 1, 1));
    yield* until(() => pool.counters.queued === 1);
    const error = (yield* thrown(pool.submit("add", 1, 2))) as Error & { limit: string };
    assert.equal(error.name, "OverloadError");
    assert.equal(error.limit, "queueLength");
    assert.deepEqual(shed, ["queueLength"]);
    yield* held.end();
    assert.equal(yield* queued.join(), 2);
  });
});

bothWithWorkers("jobs that wait too long in a standing queue are shed", function* () {
  const queueDelay = { target: 5, interval: 20 };
  yield* withPool({ workers: 1, queueDelay }, function* (pool) {
    const begin = performance.now();
    const outcomes: string[] = [];
    const jobs: Goroutine<void>[] = [];
    for (let i = 0; i < 20; i++) {
      jobs.push(go(function* () {
        try {
          yield* pool.submit("spin", 10);
          outcomes.push("done");
        } catch (error) {
          outcomes.push((error as { limit: string }).limit);
        }
      }));
    }
    for (const job of jobs) yield* job.join();
    const shed = outcomes.filter((outcome) => outcome === "queueDelay").length;
    assert.equal(pool.counters.shed.queueDelay, shed);
    assert.ok(shed >= 10, `${outcomes}`);
    assert.ok(shed < 20, "nothing was done");
    assert.ok(performance.now() - begin < 5000);
    // When the rush is over, all are served.
    assert.equal(yield* pool.submit("add", 1, 1), 2);
  });
});

bothWithWorkers("a job of an ended goroutine is skipped, or can notice the end", function* () {
  yield* withPool({ workers: 1 }, function* (pool) {
    const memory = new SharedArrayBuffer(4);
    const words = new Int32Array(memory);
    const never = new SharedArrayBuffer(4);
    for (const name of ["watch", "slowly"] as const) {
      words[0] = 0;
      const ended = go(function* () {
        if (name === "watch") yield* pool.submit("watch", memory);
        else yield* pool.submit("slowly", "x", 60_000, memory);
      });
      yield* until(() => Atomics.load(words, 0) === 1);
      const waiting = go(() => pool.submit("slowly", "x", 0, never));
      yield* until(() => waiting.status === "waiting");
      for (const g of [waiting, ended]) scheduler.end(g as G);
      assert.equal(waiting.status, "dead");
      yield* until(() => Atomics.load(words, 0) === 2);
    }
    assert.equal(new Int32Array(never)[0], 0);
    assert.equal(yield* pool.submit("add", 1, 1), 2);
  });
});

bothWithWorkers("a worker that dies fails its job, and is restarted", function* () {
  const reports: PoolWorkerReport[] = [];
  const onWorkerEnd = (report: PoolWorkerReport) => reports.push(report);
  yield* withPool({ workers: 1, restart: { delay: 1 }, onWorkerEnd }, function* (pool) {
    const dies = go(() => thrown(pool.submit("exit")));
    const next = go(() => pool.submit("add", 1, 2));
    assert.equal((yield* dies.join() as Routine<Error>).name, "WorkerEndedError");
    assert.equal(yield* next.join(), 3);
    assert.deepEqual(reports, [{ worker: 0, error: null, restartIn: 1 }]);
  });
});

bothWithWorkers("a worker that dies repeatedly is restarted with growing delays", function* () {
  const later: (number | null)[] = [];
  const onWorkerEnd = ({ restartIn }: PoolWorkerReport) => later.push(restartIn);
  const restart = { delay: 1, longest: 4 };
  yield* withPool({ workers: 1, restart, onWorkerEnd }, function* (pool) {
    for (let i = 0; i < 4; i++) yield* thrown(pool.submit("exit"));
    assert.equal(yield* pool.submit("add", 1, 2), 3);
    assert.deepEqual(later, [1, 2, 4, 4]);
  });
});

bothWithWorkers("a job past its timeout is terminated", function* () {
  const options = { workers: 1, jobTimeout: 1000, restart: { delay: 1 } };
  yield* withPool(options, function* (pool) {
    const error = (yield* thrown(pool.submit("spinTooLong"))) as Error;
    assert.equal(error.name, "JobTimeoutError");
    assert.equal(yield* pool.submit("add", 1, 2), 3);
  });
});

bothWithWorkers("without workers, jobs fail", function* () {
  const pool = yield* openWorkerPool<Jobs>(JOBS, { workers: 1, restart: false });
  const dies = go(() => thrown(pool.submit("exit")));
  const waits = go(() => thrown(pool.submit("add", 1, 2)));
  assert.equal((yield* dies.join() as Routine<Error>).name, "WorkerEndedError");
  assert.equal((yield* waits.join() as Routine<Error>).name, "PoolClosedError");
  assert.equal((yield* thrown(pool.submit("add", 1, 2)) as Routine<Error>).name, "PoolClosedError");
  yield* pool.shutdown();
});

bothWithWorkers("shutdown waits for active jobs, until its deadline", function* () {
  const pool = yield* openWorkerPool<Jobs>(JOBS, { workers: 1 });
  const first = go(() => pool.submit("spin", 20));
  const second = go(() => pool.submit("add", 1, 2));
  yield* gosched();
  yield* pool.shutdown();
  assert.equal(yield* first.join(), 20);
  assert.equal(yield* second.join(), 3);
  const hasty = yield* openWorkerPool<Jobs>(JOBS, { workers: 1 });
  const cut = go(() => thrown(hasty.submit("spinTooLong")));
  yield* sleep(1);
  yield* hasty.shutdown({ deadline: 10 });
  assert.equal((yield* cut.join() as Routine<Error>).name, "PoolClosedError");
});

endsWithRun("workers end with the run that opened them", function* () {
  const pool = yield* openWorkerPool<Jobs>(JOBS, { workers: 2 });
  assert.equal(yield* pool.submit("add", 1, 2), 3);
});

withWorkers("run", "a module that fails to load is an error of openWorkerPool", function* () {
  const missing = new URL("./handlers/missing.ts", import.meta.url);
  assert.match(String(yield* thrown(openWorkerPool(missing, { workers: 2 }))), /missing/);
});

const WRONG: [PoolOptions, RegExp][] = [
  [{ workers: 0 }, /workers/],
  [{ queueLength: 1.5 }, /queueLength/],
  [{ whenFull: "drop" as "wait" }, /whenFull/],
  [{ queueDelay: { target: 0 } }, /queueDelay/],
  [{ jobTimeout: -1 }, /jobTimeout/],
  [{ driver: "walk" as "run" }, /driver/],
  [{ restart: { delay: 0 } }, /restart/],
  [{ wokers: 1 } as unknown as PoolOptions, /wokers/],
];

both("an invalid option is named in the error", function* () {
  for (const [options, name] of WRONG) {
    const error = yield* thrown(openWorkerPool(JOBS, options));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, name);
  }
  assert.match(String(yield* thrown(openWorkerPool("jobs.ts"))), /must be a URL/);
});
