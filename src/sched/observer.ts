// SPDX-License-Identifier: MIT
/**
 * Who watches the scheduler: the tracer, the watchdogs. There mostly is none, and then the scheduler
 * pays one comparison a turn for the possibility.
 */
import type { G } from "./goroutine.ts";

/** Told of what goroutines do. It must not run anything of theirs. Times are of `performance.now()`. */
export interface Observer {
  /** `g` became runnable: because of `by`, or of something outside the goroutines. */
  woke(g: G, by: G | null): void;
  /** `g` begins its turn. */
  began(g: G, at: number): void;
  /** The turn of `g` that began at `began` is over; its status says what comes next. */
  ended(g: G, began: number, at: number): void;
}

/** Several as one. */
class Observers implements Observer {
  readonly all: readonly Observer[];

  constructor(all: readonly Observer[]) {
    this.all = all;
  }

  woke(g: G, by: G | null): void {
    for (const one of this.all) one.woke(g, by);
  }

  began(g: G, at: number): void {
    for (const one of this.all) one.began(g, at);
  }

  ended(g: G, began: number, at: number): void {
    for (const one of this.all) one.ended(g, began, at);
  }
}

function listOf(observer: Observer | null): readonly Observer[] {
  if (observer === null) return [];
  return observer instanceof Observers ? observer.all : [observer];
}

function asOne(all: readonly Observer[]): Observer | null {
  return all.length > 1 ? new Observers(all) : all[0] ?? null;
}

/** What can be watched. */
export interface Observed {
  observer: Observer | null;
}

/** Has `one` told from now on. */
export function observe(observed: Observed, one: Observer): void {
  observed.observer = asOne([...listOf(observed.observer), one]);
}

/** Has `one` told no more. */
export function unobserve(observed: Observed, one: Observer): void {
  observed.observer = asOne(listOf(observed.observer).filter((other) => other !== one));
}
