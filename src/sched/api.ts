// SPDX-License-Identifier: MIT
/** The scheduler's public functions. All of them act on the calling thread only. */
import { dumpAll } from "./dump.ts";
import { DeadlockError } from "./deadlock.ts";
import { G, type Goroutine, PanicError, type Routine } from "./goroutine.ts";
import { refuseReloading } from "./reloading.ts";
import { Run, type RunOptions } from "./run.ts";
import { PROMISE } from "./scheduler.ts";
import { SPIN_SHARE } from "./spinner.ts";
import { mayGoOn } from "./step.ts";
import { SyncLoop } from "./sync_loop.ts";
import { afterRun, bodyOf, currentRun, spawn } from "./spawn.ts";
import { host, scheduler } from "./thread.ts";
import { now } from "./clock.ts";
import {
  callFailed,
  refuseAwait,
  requireFunction,
  requireRoutine,
  WITHOUT_OBJECT,
} from "./misuse.ts";
import { AnyGenerator } from "./generator.ts";
import { notesCalls } from "./noted_methods.ts";
import { callDriven, noted } from "./calls.ts";

export { gosched, sleep } from "./sleep.ts";

/**
 * Starts a goroutine. Go: the `go` statement.
 *
 * The goroutine does not run immediately: it joins the end of the run queue, which is first in,
 * first out. It belongs to the run of the goroutine that started it, and ends with that run at the
 * latest. Outside `run`, `go` starts the scheduler on the host's event loop; an error that such a
 * goroutine does not catch is an uncaught error of the host. Never parks.
 *
 * @param f a `function*`, or a function that returns a {@linkcode Routine}
 * @param args arguments for `f`, which is called at once
 * @returns a handle; its `join` waits until the goroutine has ended
 * @throws {TypeError} if `f` is not a `function*`
 * @example
 * ```ts
 * go(function* () { yield* sleep(10); console.log("ten milliseconds later"); });
 * ```
 */
export function go<A extends unknown[], T>(
  f: (...args: A) => Routine<T>,
  ...args: A
): Goroutine<T> {
  // As `bodyOf`, but not by a call of it: `args` then needs no array of its own on Deno.
  if (typeof f !== "function") requireFunction("start a goroutine", f, go);
  let body: Routine<T>;
  try {
    body = f.apply(WITHOUT_OBJECT, args);
  } catch (error) {
    throw callFailed(f, error, go);
  }
  const plain = body instanceof AnyGenerator;
  if (!plain) requireRoutine("start a goroutine", f, body, go);
  callDriven(body);
  return spawn(currentRun(), f.name || "anonymous", body, plain);
}

/**
 * Runs `main` as a goroutine beside the host's event loop: promises, timers, `fetch` and the host's
 * own servers keep working. Go: `func main`.
 *
 * When `main` returns, all other goroutines of the run are ended. Their `finally` blocks run and
 * may park, as may goroutines that they start; then the descriptors that the run opened are closed,
 * and those with data in flight linger as {@linkcode Conn.close} says. All of that together takes
 * no longer than the run's `grace`, one second by default; afterwards waits are cut short, and what
 * lingers is closed by close(2). A `finally` block that parks should be in the goroutine's own
 * function: after a nested `finally` block has parked, JavaScript lets its caller continue, and the
 * goroutine is then ended only at the end of the grace. A connection or listener that `main`
 * returns belongs to the caller and stays open.
 *
 * In a worker of your own, let `main` return before the worker ends, or call `process.exit` there:
 * `terminate()` runs no code in the worker, so its connections, its poller and, on Deno, the thread
 * that waits for them stay with the process. A `workerPool` and a reactor close what their
 * terminated workers leave.
 *
 * @param main the first goroutine
 * @param options see {@linkcode RunOptions}
 * @returns a promise of the value that `main` returned. It rejects with the error that a goroutine
 * did not catch (its `goroutine` property names the goroutine), or with {@linkcode DeadlockError}
 * if the host runs out of work while every goroutine is asleep.
 * @example
 * ```ts
 * const n = await run(function* () { yield* sleep(1); return 42; });
 * ```
 */
export function run<T>(main: () => Routine<T>, options: RunOptions = {}): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    refuseReloading("run");
    const body = bodyOf("run", main, [], run);
    const current = new Run(scheduler, options);
    current.onOver = () => {
      afterRun().then(() => {
        if (current.failure === null) resolve(current.result as T);
        else reject(current.failure.error);
      }, reject);
    };
    current.start(new G<unknown>(current, main.name || "main", body));
  });
}

/**
 * Runs `main` as a goroutine with the thread to itself: while no goroutine is runnable, the thread
 * blocks in the operating system's poller. Use it in workers, and for maximum throughput. The
 * host's event loop does not run in the meantime: no promise resolves and no timer of the host
 * fires. Ends as {@linkcode run} does.
 *
 * @param main the first goroutine
 * @param options see {@linkcode RunOptions}
 * @returns the value that `main` returned
 * @throws the error that a goroutine did not catch; {@linkcode DeadlockError} if nothing can wake
 * any goroutine; {@linkcode PanicError} if called from a goroutine
 * @example
 * ```ts
 * runSync(function* () { yield* sleep(1); console.log("done"); });
 * ```
 */
export function runSync<T>(main: () => Routine<T>, options: RunOptions = {}): T {
  if (scheduler.current !== null) throw new PanicError("runSync inside a goroutine");
  refuseReloading("runSync");
  const body = bodyOf("runSync", main, [], runSync);
  const current = new Run(scheduler, options);
  current.start(new G<unknown>(current, main.name || "main", body));
  const loop = new SyncLoop(scheduler, current.spinShare ?? SPIN_SHARE);
  scheduler.blocking = true;
  scheduler.now = now();
  try {
    while (!current.over) {
      loop.pass();
      if (stuck()) current.fail(new DeadlockError(dumpAll(scheduler)));
    }
  } finally {
    scheduler.blocking = false;
    // A run beside the host's loop may have ended meanwhile, and left its watch.
    if (scheduler.runs.size === 0) void host.stop();
    else host.kick();
  }
  if (current.failure !== null) throw current.failure.error;
  return current.result as T;
}

/** Returns true if nothing can wake a goroutine while the host's event loop does not run. */
function stuck(): boolean {
  return scheduler.runs.size > 0 && !scheduler.runnable && scheduler.waiters === 0 &&
    scheduler.timers.size === 0;
}

/**
 * Waits for a promise of the host and returns its value. Parks.
 *
 * @param promise a promise or any thenable; any other value is returned without a wait
 * @throws the reason the promise rejects with; {@linkcode PanicError} under `runSync`, where the
 * host's event loop does not run and no promise can resolve
 * @example
 * ```ts
 * const response = yield* wait(fetch("http://127.0.0.1:8080/"));
 * ```
 */
export function wait<T>(promise: PromiseLike<T> | T): Routine<T> {
  const routine = waiting(promise);
  if (promise instanceof Promise) {
    // Ended before it was driven: by a context that is over, say. The promise is not to be missed.
    const end = routine.return.bind(routine);
    routine.return = (value) => {
      promise.catch(() => {});
      return end(value);
    };
  }
  return noted("wait", routine);
}

function* waiting<T>(promise: PromiseLike<T> | T): Routine<T> {
  if (typeof (promise as PromiseLike<T> | null)?.then !== "function") {
    if (!mayGoOn()) yield scheduler.yieldNow();
    return promise as T;
  }
  if (scheduler.blocking) {
    throw new PanicError("wait under runSync: the host's event loop does not run; use run");
  }
  const g = scheduler.current!;
  let outcome: { ok: boolean; value: unknown } | null = null;
  let waiting = true;
  const settle = (ok: boolean) => (value: unknown) => {
    outcome = { ok, value };
    // A promise cannot be told that its wait was cancelled: by now the goroutine waits elsewhere.
    if (waiting) scheduler.ready(g);
  };
  Promise.resolve(promise).then(settle(true), settle(false));
  scheduler.promises++;
  try {
    while (outcome === null) yield scheduler.park(PROMISE);
  } finally {
    waiting = false;
    scheduler.promises--;
  }
  const { ok, value } = outcome as { ok: boolean; value: unknown };
  if (!ok) throw value;
  return value as T;
}

/**
 * Returns the number of goroutines on this thread that have not ended. Never parks. Go:
 * `runtime.NumGoroutine`.
 *
 * @example
 * ```ts
 * console.log(`${numGoroutine()} goroutines`);
 * ```
 */
export function numGoroutine(): number {
  return scheduler.count;
}

/**
 * Returns a description of every goroutine on this thread, one per line: its number, its state or
 * the reason and duration of its wait, the name of its function, and the channel or descriptor it
 * waits for. With {@linkcode RunOptions} `debug`, a second line says where it was started. Never
 * parks. Go: `runtime.Stack`.
 *
 * @example
 * ```ts
 * console.log(dump()); // goroutine 1 [IO wait, 12 ms]: main (fd 5 tcp 127.0.0.1:8080)
 * ```
 */
export function dump(): string {
  return dumpAll(scheduler);
}

refuseAwait(waiting.prototype, "wait");
notesCalls(G.prototype, "g", "join");
