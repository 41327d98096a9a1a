// SPDX-License-Identifier: MIT
/** Workers from start to end: what reactors and pools have in common. */
import { go, sleep } from "../sched/api.ts";
import { needObject, wrongArgument } from "../validate/argument.ts";
import type { Goroutine, Routine } from "../sched/goroutine.ts";
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import { background, type Context } from "../context/context.ts";
import { type CancelFunc, withCancel } from "../context/with_cancel.ts";
import * as P from "./protocol.ts";
import type { RestartOptions } from "./worker_options.ts";
import { supervise, type SupervisedWorker, type WorkerHooks } from "./supervisor.ts";
import type { WorkerEnd, WorkerThread } from "./worker_thread.ts";
import { now } from "../sched/clock.ts";

/** Interval at which the end of all workers is checked. */
const LOOK_MS = 5;

/**
 * How long a shutdown may take, in milliseconds, of what `call` was given. Throws TypeError unless
 * it is a number of them, which may be Infinity.
 */
export function checkShutdown(call: string, options: { deadline?: number }): number {
  needObject(call, "options", options);
  const { deadline = 10_000 } = options;
  if (typeof deadline === "number" && !Number.isNaN(deadline)) return deadline;
  throw wrongArgument(call, "deadline", "a number of milliseconds", deadline);
}

/** Place of a worker, which keeps its identity across restarts. */
export interface WorkerGroupSlot {
  readonly id: number;
  /** The worker there now, if any. */
  readonly link: WorkerThread | null;
}

/** Owner of a worker group: a reactor, a pool. */
export interface WorkerGroupOwner {
  /** Waits until every worker is up. Throws the error of one that failed to start. Parks. */
  ready(): Routine<void>;
  shutdown(options: { deadline: number }): Routine<unknown>;
}

/** Waits until all workers of `opened` are up; if not all come up, none is left. Parks. */
export function* upOrEnded<T extends WorkerGroupOwner>(opened: T): Routine<T> {
  let up = false;
  try {
    yield* opened.ready();
    up = true;
  } finally {
    if (!up) yield* opened.shutdown({ deadline: 0 });
  }
  return opened;
}

/** See the top of this file. */
export class WorkerGroup<S extends WorkerGroupSlot> {
  /** Cancelled when the shutdown begins: no worker is restarted afterwards. */
  readonly stopping: Context;
  readonly #stop: CancelFunc;
  readonly #places: readonly S[];
  readonly #supervisors: Goroutine<void>[];
  /** Result of each worker's first start. */
  readonly #started: Chan<{ readonly error: unknown } | null>;

  /** Starts a worker in each of `places`. */
  constructor(
    places: readonly S[],
    restart: Required<RestartOptions> | null,
    hooks: (place: S) => WorkerHooks,
  ) {
    this.#places = places;
    this.#started = chan(places.length);
    [this.stopping, this.#stop] = withCancel(background());
    this.#supervisors = places.map((place) =>
      go(supervise, this.#watched(place, hooks(place)), restart, this.stopping)
    );
  }

  /**
   * Waits until every worker is up, or was ended by a shutdown before it was. Throws the error of one
   * that failed to start. Parks.
   */
  *ready(): Routine<void> {
    for (const _ of this.#places) {
      const failure = (yield* this.#started.recv())!;
      if (failure !== null) throw failure.error;
    }
  }

  /** Disables restarts. */
  stop(): void {
    this.#stop();
  }

  /**
   * Asks every worker to end when its work is done; returns true if all did within that many
   * milliseconds.
   */
  *drain(limit: number): Routine<boolean> {
    this.#order(P.DRAIN);
    return yield* this.#ended(limit);
  }

  /** Ends all, forcibly after `grace` milliseconds, and waits until nothing is left. Parks. */
  *end(grace: number): Routine<void> {
    this.#order(P.STOP);
    if (!(yield* this.#ended(grace))) { for (const { link } of this.#places) link?.terminate(); }
    yield* this.wait();
  }

  /** Waits until nothing is left of them. Parks. */
  *wait(): Routine<void> {
    for (const supervisor of this.#supervisors) yield* supervisor.join();
  }

  #watched(place: S, hooks: WorkerHooks): SupervisedWorker {
    let reported = false;
    const report = (result: { readonly error: unknown } | null) => {
      if (!reported) this.#started.trySend(result);
      reported = true;
    };
    return {
      start: () => hooks.start(),
      woken: () => hooks.woken(),
      leaving: () => this.#stop(),
      take: (message) => {
        hooks.take(message);
        if (message.type === "up") report(null);
      },
      ended: (end: WorkerEnd, restartIn: number | null) => {
        hooks.ended(end, restartIn);
        // Closed meanwhile, which is no failure of the worker.
        if (end.error === null && this.stopping.err !== null) return report(null);
        report({ error: end.error ?? new Error(`worker ${place.id} ended before it was ready`) });
      },
    };
  }

  #order(order: number): void {
    for (const { link } of this.#places) link?.order(order);
  }

  *#ended(limit: number): Routine<boolean> {
    const end = now() + limit;
    while (this.#supervisors.some(({ status }) => status !== "dead")) {
      if (now() >= end) return false;
      yield* sleep(Math.min(LOOK_MS, Math.max(0.1, end - now())));
    }
    return true;
  }
}
