// SPDX-License-Identifier: MIT
/** Parking in a `finally` block that must not be left half done. */
import type { Routine } from "../sched/goroutine.ts";
import { goDaemon } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";

/**
 * Runs `routine` to its end although the goroutine is being ended, even repeatedly: for a `finally`
 * block that must not be left half done.
 *
 * When a generator parks in its `finally` block and is resumed from there, the `yield*` above it no
 * longer knows that it was to return, and its caller would continue as if nothing had happened. So
 * the goroutine is ended once more after the last park.
 */
export function* uninterrupted(routine: Routine<void>): Routine<void> {
  const drive = { routine, parked: false, done: false };
  yield* driveOn(drive);
  if (!drive.parked) return;
  const g = scheduler.current!;
  let here = true;
  goDaemon(g.run, "end", function* () {
    if (here) scheduler.end(g);
  });
  try {
    for (;;) yield scheduler.park("end");
  } finally {
    here = false;
  }
}

interface Drive {
  readonly routine: Routine<void>;
  parked: boolean;
  done: boolean;
}

/** Calls `next` until the routine is done, whatever is called on itself. */
function* driveOn(drive: Drive): Routine<void> {
  while (!drive.done) {
    const step = drive.routine.next();
    drive.done = step.done === true;
    if (step.done) return;
    drive.parked = true;
    let resumed = false;
    try {
      yield step.value;
      resumed = true;
    } finally {
      // Ended again. Every wait is a loop, which finds its condition unchanged and parks again.
      if (!resumed) yield* driveOn(drive);
    }
  }
}
