// SPDX-License-Identifier: MIT
/** A worker that runs jobs, one after the other. */
import { wake } from "../fd/wake_words.ts";
import { Waker } from "../fd/waker.ts";
import { go, wait } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { cancellable } from "../context/cancellable.ts";
import { background } from "../context/context.ts";
import { withCancel } from "../context/with_cancel.ts";
import { beginJob, jobCancelled } from "./job.ts";
import type { ParentPort } from "../worker/parent_port.ts";
import { pack } from "../worker/error_codec.ts";
import * as P from "../worker/protocol.ts";

type Job = P.ToWorker & { type: "job" };

/** Runs the jobs that the main thread posts until it is asked to end. Parks. */
export function* poolWorker(main: ParentPort, module: Record<string, unknown>): Routine<void> {
  using waker = new Waker();
  main.post({ type: "up", waker: waker.handle, events: false });
  let cancel: (() => void) | null = null;
  for (;;) {
    // The main thread sends the next job once it has the result of the last.
    const message = main.receive();
    if (message?.type === "job") {
      const [ctx, cancelIt] = withCancel(background());
      cancel = cancelIt;
      beginJob(main.words, message.job);
      go(function* job() {
        try {
          tell(main, yield* outcome(cancellable(perform(main, module, message), ctx), message.job));
        } finally {
          beginJob(main.words, 0);
          cancel = null;
          wake(waker.handle);
        }
      });
      continue;
    }
    if (cancel !== null && jobCancelled()) cancel();
    if (main.order === P.STOP || (main.order === P.DRAIN && cancel === null)) return;
    yield* waker.wait();
  }
}

/** Posts the reply; for a result that cannot be cloned, the error instead. */
function tell(main: ParentPort, message: P.ToMain & { job: number }): void {
  try {
    main.post(message);
  } catch (error) {
    main.post({ type: "failed", job: message.job, error: pack(error) });
  }
}

/** Reply to a job: its result, or its error. */
function* outcome(job: Routine<unknown>, number: number): Routine<P.ToMain & { job: number }> {
  try {
    const value = yield* job;
    return { type: "result", job: number, value };
  } catch (error) {
    return { type: "failed", job: number, error: pack(error) };
  }
}

function* perform(main: ParentPort, module: Record<string, unknown>, job: Job): Routine<unknown> {
  const f = module[job.name];
  if (typeof f !== "function") {
    throw new TypeError(
      `Cannot run job ${job.name} as ${main.start.module} must export a function ${job.name}: ` +
        `current value is ${typeof f}`,
    );
  }
  const given: unknown = f(...job.args);
  const is = given as Partial<Generator & PromiseLike<unknown>> | null | undefined;
  if (typeof is?.next === "function" && typeof is.return === "function") {
    return yield* given as Routine<unknown>;
  }
  if (typeof is?.then !== "function") return given;
  if (main.start.driver === "run") return yield* wait(given as PromiseLike<unknown>);
  throw new TypeError(
    `Cannot run job ${job.name} as it returned a promise, and the worker's thread blocks in the ` +
      `poller while it waits: open the pool with driver "run"`,
  );
}
