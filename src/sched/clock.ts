// SPDX-License-Identifier: MIT
/**
 * The clocks of this thread: the only ones that the library reads. Go: runtime.nanotime, walltime.
 */
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import { registerState } from "./thread_state.ts";

/** Both clocks of a thread. */
export interface Clock {
  /** See {@linkcode now}. */
  readonly now: () => number;
  /** See {@linkcode epoch}. */
  readonly epoch: () => number;
}

/** The clock of the JavaScript runtime, looked up on first use. */
const REAL: Clock = {
  now: () => {
    const read = jsRuntime().clock();
    if (now === REAL.now) now = read;
    return read();
  },
  epoch: () => Date.now(),
};

/**
 * Returns the monotonic time, in milliseconds of `performance.now()`. It is never ahead of that, so
 * a timer that has fired by this clock is due by the other, too.
 */
export let now: () => number = REAL.now;

/** Returns the calendar time, in milliseconds since the epoch. */
export let epoch: () => number = REAL.epoch;

/**
 * Switches to another clock, or back to that of the runtime.
 *
 * @internal exported for tests
 */
export function setClock(clock: Partial<Clock> | null): void {
  now = clock?.now ?? REAL.now;
  epoch = clock?.epoch ?? REAL.epoch;
}

registerState<Clock>("clock", {
  fresh: () => REAL,
  save: () => ({ now, epoch }),
  restore: (clock) => ({ now, epoch } = clock),
});
