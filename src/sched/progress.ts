// SPDX-License-Identifier: MIT
/** The progress of a call that may be ended half-way: fields of the error that reports its end. */
import type { Routine } from "./goroutine.ts";

/** The method of a call that returns those fields: `bytesWritten` or `bytesRead`. */
export const PROGRESS: unique symbol = Symbol("netpoll.progress");

/** A call that knows how far it got. */
export interface Progressing {
  [PROGRESS](): object;
}

/** Returns `routine`, whose progress `progress` returns from now on. */
export function withProgress<T>(routine: Routine<T>, progress: () => object): Routine<T> {
  (routine as unknown as Progressing)[PROGRESS] = progress;
  return routine;
}

/** Reports whether `call` knows its progress. */
export function hasProgress(call: unknown): boolean {
  return (call as Partial<Progressing> | null)?.[PROGRESS] !== undefined;
}

/** Returns the progress of a call; null if it has none. */
export function progressOf(call: unknown): object | null {
  return (call as Partial<Progressing> | null)?.[PROGRESS]?.() ?? null;
}
