// SPDX-License-Identifier: MIT
/**
 * The view that the scheduler and its goroutines have of their run. An interface, so that only
 * run.ts knows the scheduler and nothing below it knows the run.
 */
import type { Park, Waitable } from "./park.ts";

/** Parks the current goroutine. */
export interface Parker<G> {
  /** Number of calls that need not wait until the goroutine lets others run. */
  budget: number;
  /** Moves the current goroutine behind the others; the caller yields the result at once. */
  yieldNow(): Park;
  readonly current: G | null;
  park(reason: string, on?: Waitable | null): Park;
}

/** @typeParam G The goroutine: a parameter, because that class refers to this interface. */
export interface Owner<G> {
  readonly scheduler: Parker<G>;
  /** Whether mistakes are reported with their lines. */
  readonly debug: boolean;
  /** Where each goroutine was started; null unless in debug. */
  readonly sites: WeakMap<object, Error> | null;
  /** Share of the time that the thread may spin for events; undefined for the default. */
  readonly spinShare: number | undefined;
  /** Whether it is an error when all goroutines are asleep for ever. */
  readonly detectDeadlock: boolean;
  /** Its machine; null where there is only one. */
  readonly place: object | null;
  /** Grace for `finally` blocks and open connections when it ends, in milliseconds. */
  readonly grace: number;
  /** The error that ended it; null if none has. */
  readonly failure: { readonly error: unknown } | null;
  /** Whether it is completely over. */
  readonly over: boolean;
  /** Whether it is over, or about to be. */
  readonly ending: boolean;
  /** Returns its goroutines, the newest first. */
  goroutines(): Iterable<G>;
  /** Adds a goroutine. */
  add(g: G): void;
  /** Removes a goroutine that has ended, `uncaught` if by an error that no `join` received. */
  ended(g: G, uncaught: boolean): void;
  /** Ends the run with `error`, unless it is ending already. */
  fail(error: unknown): void;
  /** Ends the run with `error` without waiting for its goroutines. */
  collapse(error: unknown): void;
}
