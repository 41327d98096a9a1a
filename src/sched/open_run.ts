// SPDX-License-Identifier: MIT
/**
 * A run without a main goroutine, for code outside the goroutines: handlers of the host's servers.
 */
import { showAs } from "../validate/one_line.ts";
import { G, type Goroutine, PanicError, type Routine } from "./goroutine.ts";
import { Run, type RunOptions } from "./run.ts";
import type { Scheduler } from "./scheduler.ts";
import { refuseReloading } from "./reloading.ts";
import { afterRun, bodyOf, goDaemon } from "./spawn.ts";
import { scheduler } from "./thread.ts";

/** Options of {@linkcode openRun}: those of {@linkcode run}, without the detection of deadlocks. */
export type OpenRunOptions = Omit<RunOptions, "detectDeadlock">;

/** See {@linkcode openRun}. */
export class OpenRun implements AsyncDisposable {
  static {
    showAs(OpenRun.prototype, ({ ended }) => `OpenRun(${ended ? "ended" : "open"})`);
  }

  /**
   * Promise that resolves when the run is over, and rejects with the error that a goroutine did not
   * catch. Code that has no use for such errors may ignore it: then they are unhandled rejections,
   * which the host reports.
   */
  readonly closed: Promise<void>;
  readonly #scheduler: Scheduler = scheduler;
  readonly #run: Run;

  /** @internal */
  constructor(options: OpenRunOptions) {
    const current = this.#run = new Run(scheduler, { ...options, detectDeadlock: false });
    this.closed = new Promise((resolve, reject) => {
      current.onOver = () => {
        afterRun().then(() => {
          if (current.failure === null) resolve();
          else reject(current.failure.error);
        }, reject);
      };
    });
  }

  /** Whether it was closed, or has ended by an error: then it starts no more goroutines. */
  get ended(): boolean {
    return this.#run.ending;
  }

  /**
   * Runs `f` as a goroutine of this run, and returns a promise of its result. Called outside the
   * goroutines, the first turn is at once: a call that need not wait costs no turn of the
   * scheduler. Never parks.
   *
   * A connection that `f` opens, and even returns, belongs to the run: other calls use it.
   *
   * @param f a `function*`, or a function that returns a {@linkcode Routine}
   * @param args arguments for `f`, which is called at once
   * @returns a promise of the value that `f` returned. It rejects with the error that `f` threw,
   * which is no uncaught error even if the promise is not awaited; with {@linkcode PanicError} if
   * the run has ended, or ends before `f` has; with {@linkcode TypeError} if `f` is not a
   * `function*`
   * @example
   * ```ts
   * await using app = openRun();
   * const conn = await app.call(() => dial("tcp", "127.0.0.1:8080"));
   * const sent = await app.call(() => conn.write("hello\n"));
   * ```
   */
  call<A extends unknown[], T>(f: (...args: A) => Routine<T>, ...args: A): Promise<T> {
    try {
      const g = this.#goroutine("call", f, args, this.call);
      const { promise } = g;
      this.#scheduler.startNow(g as G);
      return promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Starts a goroutine of this run, as {@linkcode go} does in the run of its caller. Never parks.
   *
   * @returns a handle; an error of the goroutine ends the run if nothing catches it
   * @throws {PanicError} if the run has ended; {@linkcode TypeError} if `f` is not a `function*`
   * @example
   * ```ts
   * await using app = openRun();
   * app.go(function* () {
   *   for (;;) { yield* sleep(60_000); console.log(dump()); }
   * });
   * ```
   */
  go<A extends unknown[], T>(f: (...args: A) => Routine<T>, ...args: A): Goroutine<T> {
    const g = this.#goroutine("start a goroutine", f, args, this.go);
    this.#scheduler.start(g as G);
    return g;
  }

  /**
   * Ends the run as {@linkcode run} ends when its main goroutine returns: goroutines are ended,
   * then the connections and listeners that they opened are closed, all within `grace`. A goroutine
   * of this run that calls it is ended at its next wait. Never parks; a second close does nothing.
   *
   * @returns `closed`
   */
  close(): Promise<void> {
    const run = this.#run;
    if (this.#scheduler.current?.run !== run) run.end();
    // A goroutine cannot be ended while it runs.
    else if (!run.ending) goDaemon(run, "close", () => end(run));
    return this.closed;
  }

  /** As {@linkcode OpenRun.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #goroutine<A extends unknown[], T>(
    action: string,
    f: (...args: A) => Routine<T>,
    args: A,
    by: unknown,
  ): G<T> {
    if (this.#run.ending) {
      const { failure } = this.#run;
      const cause = failure === null ? undefined : { cause: failure.error };
      throw new PanicError(`Cannot ${action} as the run has ended`, cause);
    }
    return new G(this.#run, f?.name || "anonymous", bodyOf(action, f, args, by));
  }
}

function* end(run: Run): Routine<void> {
  run.end();
}

/**
 * Opens a run that lasts until it is closed, for connections that code outside the goroutines
 * shares: a pool of connections behind `Bun.serve`, `Deno.serve`, Hono or Elysia. Never parks. Go
 * needs no such thing: there all code runs in goroutines.
 *
 * An open run with nothing to wait for does not keep the process alive. Under `runSync` its
 * goroutines run as all others do. An error that a goroutine does not catch goes to `onPanic`;
 * without it the run ends, and `closed` rejects. An error of a `call` is its caller's.
 *
 * @param options see {@linkcode RunOptions}
 * @returns the run, which is closed by `close` or `await using`
 * @throws {RangeError} for an option out of its range
 * @example
 * ```ts
 * const app = openRun();
 * const conn = await app.call(() => dial("tcp", "127.0.0.1:7007"));
 *
 * Bun.serve({
 *   fetch: async (request) => {
 *     await app.call(() => conn.write(`${request.url}\n`));
 *     return new Response("logged");
 *   },
 * });
 * ```
 */
export function openRun(options: OpenRunOptions = {}): OpenRun {
  refuseReloading("openRun");
  return new OpenRun(options);
}
