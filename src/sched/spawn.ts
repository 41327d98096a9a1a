// SPDX-License-Identifier: MIT
/**
 * Starting goroutines, also outside any run, such as for a connection that the host's code closes.
 */
import { callDriven } from "./calls.ts";
import { callFailed, requireFunction, requireRoutine, WITHOUT_OBJECT } from "./misuse.ts";
import { BOUNDED_DAEMON, DAEMON, G, MEMBER, type Routine, type RunOwner } from "./goroutine.ts";
import { PARK } from "./park.ts";
import { Run } from "./run.ts";
import { host, scheduler } from "./thread.ts";
import { registerState } from "./thread_state.ts";

/**
 * The body of a goroutine: the generator that calling `f` returns. Throws TypeError if it is none.
 * `by` is the function that the user called.
 */
export function bodyOf<A extends unknown[], T>(
  caller: string,
  f: (...args: A) => Routine<T>,
  args: A,
  by?: unknown,
): Routine<T> {
  // An async function is recognized by its result: a check beforehand would cost every call.
  if (typeof f !== "function") requireFunction(caller, f, by);
  let body: unknown;
  try {
    body = f.apply(WITHOUT_OBJECT, args);
  } catch (error) {
    throw callFailed(f, error, by);
  }
  requireRoutine(caller, f, body, by);
  // A goroutine may be made of a call of the library itself: that one is driven later.
  callDriven(body as object);
  return body as Routine<T>;
}

/** The run of goroutines that were started outside any run; created on first use. */
let background: Run | null = null;

registerState<Run | null>("background run", {
  fresh: () => null,
  save: () => background,
  restore: (state) => background = state,
});

/** A run without a main goroutine: it lasts as long as its goroutines. */
export function backgroundRun(): Run {
  if (background !== null) return background;
  const run = new Run(scheduler, { whenEmpty: "end", detectDeadlock: false });
  run.onOver = () => {
    background = null;
    const { failure } = run;
    void afterRun().then(() => {
      // Thrown outside any promise, so that the host reports it as it does every uncaught error.
      if (failure !== null) {
        queueMicrotask(() => {
          throw failure.error;
        });
      }
    });
  };
  return background = run;
}

/** Whether the current code is in no `run`: the host's own, or a goroutine that it started. */
export function outsideRun(): boolean {
  const run = scheduler.current?.run ?? null;
  return run === null || run === background;
}

/** Called when a run is over; does nothing while others are left. */
export async function afterRun(): Promise<void> {
  if (scheduler.runs.size === 0) await host.stop();
}

/** Starts a goroutine in `run`; `plain` as that of {@linkcode G}. */
export function spawn<T>(run: RunOwner, name: string, body: Routine<T>, plain?: boolean): G<T> {
  const g = new G<T>(run, name, body, plain);
  scheduler.start(g as G);
  return g;
}

/**
 * As {@linkcode spawn}, for the host's code, which has the thread: the first turn happens at once.
 */
export function spawnNow<T>(run: RunOwner, name: string, body: Routine<T>, kind = MEMBER): void {
  const g = new G<T>(run, name, body);
  g.kind = kind;
  scheduler.startNow(g as G);
}

/** The run to which a goroutine that is started here belongs. */
export function currentRun(): RunOwner {
  return scheduler.current?.run ?? backgroundRun();
}

/** Starts a goroutine that its run waits for and does not end. It must end by itself. */
export function goDaemon(run: RunOwner | null, name: string, f: () => Routine<void>): void {
  void startDaemon(run, name, f(), DAEMON);
}

function startDaemon(
  run: RunOwner | null,
  name: string,
  body: Routine<void>,
  kind: number,
): G<void> {
  const g = new G<void>(run ?? currentRun(), name, body);
  g.kind = kind;
  scheduler.start(g as G);
  return g;
}

/**
 * Starts a goroutine that its run waits for until the run's grace has passed, and then ends. `last`
 * is called at its end in any case, also if it is ended before its first turn.
 */
export function goBounded(
  run: RunOwner | null,
  name: string,
  f: () => Routine<void>,
  last: () => void,
): G<void> {
  const body = guarded(f, last);
  // Advances into the `try` block, without which an early end would skip `finally`.
  body.next();
  return startDaemon(run, name, body, BOUNDED_DAEMON);
}

/**
 * As {@linkcode goBounded}, for the host's code: the first turn is at once, and `return` of `body`
 * works before it as well.
 */
export function goBoundedTaskNow(run: RunOwner, name: string, body: Routine<void>): void {
  spawnNow(run, name, body, BOUNDED_DAEMON);
}

function* guarded(f: () => Routine<void>, last: () => void): Routine<void> {
  try {
    yield PARK;
    yield* f();
  } finally {
    last();
  }
}

/**
 * Starts a goroutine whose `finally` block runs in any case. One that is ended before its first
 * turn runs none, so `routine` begins with `yield PARK` inside its `try`, and is led there before
 * the scheduler has it.
 */
export function goPrimed<T>(run: RunOwner, name: string, routine: Routine<T>): G<T> {
  routine.next();
  return spawn(run, name || "anonymous", routine);
}
