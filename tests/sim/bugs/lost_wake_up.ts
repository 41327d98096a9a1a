// SPDX-License-Identifier: MIT
/** A wake-up that comes between the look at the queue and the wait is lost. */
import { chan, go, otherwise, type Routine, select, sleep } from "../../../mod.ts";
import type { Simulation } from "../../../sim.ts";
import { type Bug, LineClient, lineServer } from "./bug.ts";

const JOBS = 5;

/** Without room in the channel, a wake-up without a waiter has no effect. */
function workerWokenBy(room: number) {
  return function* (sim: Simulation): Routine<void> {
    sim.host("monitor", { main: lineServer(() => "ok") });
    const queue: number[] = [];
    const filled = chan<null>(room);
    const producer = go(function* () {
      for (let job = 0; job < JOBS; job++) {
        yield* sleep(sim.stream("jobs").between(0, 20));
        queue.push(job);
        yield* select(filled.onSend(null), otherwise);
      }
    });
    using monitor = yield* LineClient.to("monitor");
    for (let done = 0; done < JOBS;) {
      if (queue.length === 0) {
        yield* monitor.ask("idle");
        yield* filled.recv();
      }
      while (queue.shift() !== undefined) done++;
    }
    yield* producer.join();
  };
}

/** See the top of this file. */
export const lostWakeUp: Bug = {
  name: "lost wake-up",
  failure: /all goroutines are asleep/,
  options: { link: { latency: [1, 5] } },
  broken: workerWokenBy(0),
  mended: workerWokenBy(1),
};
