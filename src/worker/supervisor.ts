// SPDX-License-Identifier: MIT
/** Starts a worker, serves it, and restarts it when it has died, with growing delays. */
import { goDaemon } from "../sched/spawn.ts";
import { sleep } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { cancellable } from "../context/cancellable.ts";
import type { Context } from "../context/context.ts";
import type { ToMain } from "./protocol.ts";
import type { RestartOptions } from "./worker_options.ts";
import type { WorkerEnd, WorkerThread } from "./worker_thread.ts";
import { now } from "../sched/clock.ts";

/** A worker that lived for these milliseconds was healthy: its restart delay starts over. */
const WELL_MS = 10_000;
/** Grace of a worker when its run ends, in milliseconds. */
const GRACE_MS = 500;

/** Owner of a worker. */
export interface WorkerHooks {
  /** Starts a worker. */
  start(): WorkerThread;
  /** Handles a message of the worker. */
  take(message: ToMain): void;
  /** Called when the worker has woken this thread. */
  woken(): void;
  /** Called when it has ended. It is restarted after `restartIn` milliseconds; null for never. */
  ended(end: WorkerEnd, restartIn: number | null): void;
}

/** A worker, as the supervisor sees it. */
export interface SupervisedWorker extends WorkerHooks {
  /** Called when its run has ended, together with all others. */
  leaving(): void;
}

/** Serves a worker until `stopping` is cancelled and the worker has ended. Parks. */
export function* supervise(
  worker: SupervisedWorker,
  restart: Required<RestartOptions> | null,
  stopping: Context,
): Routine<void> {
  let delay = restart?.delay ?? 0;
  for (;;) {
    const began = now();
    const end = yield* workerEnd(worker);
    if (now() - began > WELL_MS) delay = restart?.delay ?? 0;
    const again = stopping.err === null && restart !== null;
    worker.ended(end, again ? delay : null);
    if (!again || !(yield* slept(delay, stopping))) return;
    delay = Math.min(delay * 2, restart.longest);
  }
}

/** One life of a worker. If this goroutine is ended, its run waits for the worker's end. */
function* workerEnd(worker: SupervisedWorker): Routine<WorkerEnd> {
  let link: WorkerThread;
  try {
    link = worker.start();
  } catch (error) {
    // No thread available, or data that cannot be cloned: treated as a worker that died at once.
    return { orderly: false, error, connections: 0, undelivered: [], stuck: false };
  }
  let end: WorkerEnd | null = null;
  try {
    return end = yield* link.attend((message) => worker.take(message), () => worker.woken());
  } finally {
    if (end === null) {
      worker.leaving();
      goDaemon(scheduler.current!.run, "end of a worker", function* () {
        worker.ended(yield* link.end(GRACE_MS), null);
      });
    }
  }
}

/** Sleeps; returns false if `stopping` cut it short. */
function* slept(ms: number, stopping: Context): Routine<boolean> {
  try {
    yield* cancellable(sleep(ms), stopping);
    return true;
  } catch (error) {
    if (stopping.err === null) throw error;
    return false;
  }
}
