// SPDX-License-Identifier: MIT
/** What happens when nothing can ever wake a goroutine. Go: runtime.checkdead. */
import { dumpAll } from "./dump.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * All goroutines are asleep, and no timer, descriptor or promise can wake one. Go's text, followed
 * by the dump.
 */
export class DeadlockError extends Error {
  /** "DeadlockError". */
  override readonly name = "DeadlockError";
  /** What each goroutine waits for, a line each. */
  readonly dump: string;
  /** @internal */
  constructor(dump: string) {
    super(`all goroutines are asleep - deadlock!\n${dump}`);
    this.dump = dump;
  }
}

/** Ends every run with a {@linkcode DeadlockError}, but those that asked not to be. */
export function deadlock(scheduler: Scheduler): void {
  const error = new DeadlockError(dumpAll(scheduler));
  for (const run of [...scheduler.runs]) if (run.detectDeadlock) run.fail(error);
}
