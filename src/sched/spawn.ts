// SPDX-License-Identifier: MIT
/** Starting goroutines, also for those who are in no run: a connection closed by the host's code. */
import { Goroutine, type Routine } from "./goroutine.ts";
import { Run } from "./run.ts";
import { host, scheduler } from "./thread.ts";

/** The run of goroutines that were started outside any run; made at the first. */
let background: Run | null = null;

/** A run without a main goroutine: it lasts while any goroutine of it does. */
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

/** What is to be done when a run is over; nothing if there are others. */
export async function afterRun(): Promise<void> {
  if (scheduler.runs.size === 0) await host.stop();
}

/** Starts a goroutine in `run`. */
export function spawn<T>(run: Run, name: string, body: Routine<T>): Goroutine<T> {
  const g = new Goroutine<T>(run, name, body);
  scheduler.start(g as Goroutine);
  return g;
}

/** Starts a goroutine that its run waits for and does not end. It must end by itself. */
export function goDaemon(run: Run | null, name: string, f: () => Routine<void>): void {
  const g = new Goroutine<void>(run ?? scheduler.current?.run ?? backgroundRun(), name, f());
  g.daemon = true;
  scheduler.start(g as Goroutine);
}
