// SPDX-License-Identifier: MIT
/** Deadlock: no event can wake any goroutine. Go: runtime.checkdead. */
import { dumpAll } from "./dump.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * Thrown when all goroutines are asleep and no timer, descriptor or promise can wake any of them.
 * The message is Go's, followed by the dump.
 */
export class DeadlockError extends Error {
  /** "DeadlockError". */
  override readonly name = "DeadlockError";
  /** The dump of all goroutines, one line each. See {@linkcode dump}. */
  readonly dump: string;
  /** @internal */
  constructor(dump: string) {
    super(`all goroutines are asleep - deadlock!\n${dump}`);
    this.dump = dump;
  }
}

/** Ends every run with a {@linkcode DeadlockError}, except those with `detectDeadlock: false`. */
export function deadlock(scheduler: Scheduler): void {
  const error = new DeadlockError(dumpAll(scheduler));
  for (const run of [...scheduler.runs]) if (run.detectDeadlock) run.fail(error);
}
