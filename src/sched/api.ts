// SPDX-License-Identifier: MIT
/** What a user calls of the scheduler. Everything here is about this thread alone. */
import { dumpAll } from "./dump.ts";
import { DeadlockError } from "./deadlock.ts";
import { G, type Goroutine, PanicError, type Routine } from "./goroutine.ts";
import { Run, type RunOptions } from "./run.ts";
import { PROMISE } from "./scheduler.ts";
import { afterRun, bodyOf, currentRun, spawn } from "./spawn.ts";
import { host, scheduler } from "./thread.ts";
import { now } from "./clock.ts";

export { gosched, sleep } from "./sleep.ts";

/**
 * Starts a goroutine. Go: the `go` statement.
 *
 * Nothing runs at once: the goroutine joins the end of the run queue, which is first in, first out.
 * It belongs to the run of the goroutine that started it, and ends with it at the latest. Outside
 * `run` it starts the scheduler on the host's event loop; an error that such a goroutine does not
 * catch is an uncaught error of the host. Never parks.
 *
 * @param f a `function*`, or a function that returns what one returns
 * @param args what `f` is called with, at once
 * @returns a handle, whose `join` waits for the end
 * @throws {TypeError} when `f` is not a `function*`
 * @example
 * ```ts
 * go(function* () { yield* sleep(10); console.log("ten milliseconds later"); });
 * ```
 */
export function go<A extends unknown[], T>(
  f: (...args: A) => Routine<T>,
  ...args: A
): Goroutine<T> {
  const body = bodyOf("go", f, args);
  return spawn(currentRun(), f.name || "anonymous", body);
}

/**
 * Runs `main` as a goroutine beside the host's event loop: promises, timers, `fetch` and the
 * host's own servers go on. Go: `func main`.
 *
 * When `main` returns, the other goroutines of the run are ended: their `finally` blocks run, and
 * may park for up to a second, as may goroutines that they start, and the descriptors that they
 * opened are closed. A `finally` that parks is best that of the goroutine's own function: JavaScript
 * lets the caller of a function whose `finally` has parked go on, and it is then ended only after that
 * second. What `main` returns is the caller's: a connection or a listener in it stays open.
 *
 * @param main the first goroutine
 * @param options see {@linkcode RunOptions}
 * @returns a promise of what `main` returned. It rejects with the very error that a goroutine did
 * not catch (its `goroutine` property names the goroutine), or with {@linkcode DeadlockError} when
 * the host runs out of work while every goroutine is asleep.
 * @example
 * ```ts
 * const n = await run(function* () { yield* sleep(1); return 42; });
 * ```
 */
export function run<T>(main: () => Routine<T>, options: RunOptions = {}): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const body = bodyOf("run", main, []);
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
 * Runs `main` as a goroutine with the thread to itself: when nothing is runnable the thread blocks
 * in the operating system's poller. For workers, and for peak throughput. Nothing of the host goes
 * on meanwhile: no promise resolves, no timer of the host fires. Ends as {@linkcode run} does.
 *
 * @param main the first goroutine
 * @param options see {@linkcode RunOptions}
 * @returns what `main` returned
 * @throws the error that a goroutine did not catch; {@linkcode DeadlockError} when nothing can ever
 * wake one; {@linkcode PanicError} when it is called by a goroutine
 * @example
 * ```ts
 * runSync(function* () { yield* sleep(1); console.log("done"); });
 * ```
 */
export function runSync<T>(main: () => Routine<T>, options: RunOptions = {}): T {
  if (scheduler.current !== null) throw new PanicError("runSync inside a goroutine");
  const body = bodyOf("runSync", main, []);
  const current = new Run(scheduler, options);
  current.start(new G<unknown>(current, main.name || "main", body));
  scheduler.blocking = true;
  scheduler.now = now();
  try {
    while (!current.over) {
      scheduler.pass(Infinity);
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

/** Whether, with the host's loop standing still, nothing can wake anyone. */
function stuck(): boolean {
  return scheduler.runs.size > 0 && !scheduler.runnable && scheduler.waiters === 0 &&
    scheduler.timers.size === 0;
}

/**
 * Waits for a promise of the host and gives its value. Parks.
 *
 * @param promise a promise or any thenable; another value is given back at once
 * @throws what the promise rejects with; {@linkcode PanicError} under `runSync`, where the host's
 * loop stands still and no promise can resolve
 * @example
 * ```ts
 * const response = yield* wait(fetch("http://127.0.0.1:8080/"));
 * ```
 */
export function* wait<T>(promise: PromiseLike<T> | T): Routine<T> {
  if (typeof (promise as PromiseLike<T> | null)?.then !== "function") return promise as T;
  if (scheduler.blocking) {
    throw new PanicError("wait under runSync: the host's loop stands still; use run");
  }
  const g = scheduler.current!;
  let outcome: { ok: boolean; value: unknown } | null = null;
  const settle = (ok: boolean) => (value: unknown) => {
    outcome = { ok, value };
    scheduler.ready(g);
  };
  Promise.resolve(promise).then(settle(true), settle(false));
  scheduler.promises++;
  try {
    while (outcome === null) yield scheduler.park(PROMISE);
  } finally {
    scheduler.promises--;
  }
  const { ok, value } = outcome as { ok: boolean; value: unknown };
  if (!ok) throw value;
  return value as T;
}

/** How many goroutines live on this thread. Go: `runtime.NumGoroutine`. Never parks. */
export function numGoroutine(): number {
  return scheduler.count;
}

/**
 * What every goroutine of this thread is doing: a line each, with its number, its state or what it
 * waits for and for how long, the name of its function, and the channel or descriptor that it waits
 * for; after {@linkcode RunOptions} `debug` another line says where it was started. Never parks.
 * Go: `runtime.Stack`.
 *
 * @example
 * ```ts
 * console.log(dump()); // goroutine 1 [IO wait, 12 ms]: main (fd 5 tcp 127.0.0.1:8080)
 * ```
 */
export function dump(): string {
  return dumpAll(scheduler);
}
