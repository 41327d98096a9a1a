// SPDX-License-Identifier: MIT
/** The clock that the scheduler and its timers go by. Go: runtime.nanotime. */
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";

let read: (() => number) | null = null;

/**
 * Milliseconds of `performance.now()`. It is never ahead of that, so a timer that has fired by this
 * clock is due by the other, too.
 */
export function now(): number {
  return (read ??= jsRuntime().clock())();
}

/** Goes by another clock, or by its own again. For tests. */
export function setClock(clock: (() => number) | null): void {
  read = clock;
}
