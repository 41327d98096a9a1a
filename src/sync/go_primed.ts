// SPDX-License-Identifier: MIT
/** Starting a goroutine that tells its end, however it ends. */
import type { Goroutine, Routine } from "../sched/goroutine.ts";
import type { Run } from "../sched/run.ts";
import { spawn } from "../sched/spawn.ts";

/**
 * Starts a goroutine whose `finally` block runs in any case. One that is ended before its first turn
 * runs none, so `routine` begins with `yield PARK` inside its `try`, and is led there before the
 * scheduler has it.
 */
export function goPrimed<T>(run: Run, name: string, routine: Routine<T>): Goroutine<T> {
  routine.next();
  return spawn(run, name || "anonymous", routine);
}
