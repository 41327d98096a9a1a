// SPDX-License-Identifier: MIT
/**
 * Observers of the scheduler: the tracer and the watchdogs. Usually there is none, and then the
 * scheduler pays one comparison a turn.
 */
import type { G } from "./goroutine.ts";

/** Receives what goroutines do. It must not run their code. Times are of `performance.now()`. */
export interface Observer {
  /** `g` became runnable: because of `by`, or of something outside the goroutines. */
  woke(g: G, by: G | null): void;
  /** `g` starts its turn. */
  began(g: G, at: number): void;
  /** The turn of `g` that began at `began` is over; its status tells what comes next. */
  ended(g: G, began: number, at: number): void;
}

/** Combines several observers. */
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

/** A scheduler that can be observed. */
export interface Observed {
  observer: Observer | null;
}

/** Adds an observer. */
export function observe(observed: Observed, one: Observer): void {
  observed.observer = asOne([...listOf(observed.observer), one]);
}

/** Removes an observer. */
export function unobserve(observed: Observed, one: Observer): void {
  observed.observer = asOne(listOf(observed.observer).filter((other) => other !== one));
}
