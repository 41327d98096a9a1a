// SPDX-License-Identifier: MIT
/**
 * The cases of a `select`. Go has channel operations only; here the set is open.
 *
 * There are two kinds of event sources. One hands over a value to exactly one receiver at the
 * moment of the event (a sender on a channel). It calls `waiter.claim()` and, if that returns true,
 * `waiter.finish(value, ok)`. The other only becomes ready, and may no longer be when the goroutine
 * runs (a socket). It calls `waiter.retry()`, and the case is tried again.
 */

/** `select` case that is chosen if no other is ready. Go: `default`. */
export const otherwise: unique symbol = Symbol("netpoll.otherwise");

/** For the type checker only: no object has this property. */
export declare const OUTCOME: unique symbol;

/** Result of a case. */
export interface CaseOutcome {
  /** Value received, if the case delivers one. */
  value: unknown;
  /** Whether there was a value. */
  ok: boolean;
}

/** A waiting `select`, as its cases see it. */
export interface SelectWaiter {
  /** Value to send, or the value received. */
  value: unknown;
  /** Whether a value was transferred. */
  ok: boolean;
  /** True once it was completed by {@linkcode finish}. */
  readonly done: boolean;
  /**
   * Tries to make this the chosen case of its `select`. If it returns true, call {@linkcode finish}
   * at once. If it returns false, another case was faster: drop the waiter.
   */
  claim(): boolean;
  /** Completes it with this result; the goroutine continues. */
  finish(value: unknown, ok: boolean): void;
  /** Makes its `select` try all its cases again, without completing it. */
  retry(): void;
}

/**
 * Case of a `select`. None of its methods may park. `select` calls
 *
 * 1. `try` of each case in random order. If one returns true, it calls `collect` of that case and
 *    returns.
 * 2. `enqueue` of each case in order; the goroutine then parks until a waiter is claimed or `retry`
 *    is called.
 * 3. `collect` of the case whose waiter was claimed, and `dequeue` of all others. All cases are
 *    dequeued when the goroutine is ended, and before they are tried again.
 *
 * A case object may be used by several selects at once, and twice in one: keep the state of each
 * use with its waiter. Do not use the waiter after `dequeue` or `finish`, because it is reused.
 *
 * @typeParam O the `value` and `ok` that it returns
 */
export interface SelectCase<O extends CaseOutcome = CaseOutcome> {
  /** For the type checker only. @internal */
  readonly [OUTCOME]?: O;
  /**
   * Performs the case if that needs no waiting. Returns true on success, with the result in
   * `waiter.value` and `waiter.ok`; otherwise it must have no effect. May throw.
   */
  try(waiter: SelectWaiter): boolean;
  /** Keeps `waiter`, to claim or retry it later, or at once. */
  enqueue(waiter: SelectWaiter): void;
  /**
   * Drops `waiter`. If `waiter.done`, it was completed, but its goroutine was ended before it
   * resumed: take back the value it carries.
   */
  dequeue(waiter: SelectWaiter): void;
  /** Returns the `value` of the chosen case from `waiter`, or throws the error of the `select`. */
  collect(waiter: SelectWaiter): O["value"];
  /** Returns its description for a dump, such as "receive of chan 3". Must not throw. */
  describe?(): string;
}

/** Argument of `select`: a case, `otherwise`, or null for a disabled case. */
export type SelectArm = SelectCase | typeof otherwise | null;

/** Result of a `select` if the case at `Index` is chosen. */
export type ArmResult<Arm, Index> = Arm extends typeof otherwise
  ? { index: Index; value: undefined; ok: false }
  : Arm extends SelectCase<infer O>
    ? (O extends CaseOutcome ? { index: Index; value: O["value"]; ok: O["ok"] } : never)
  : never;

/** Index of an argument as a number: "1" is 1; `number` for an array of unknown length. */
export type Place<Key> = Key extends `${infer Index extends number}` ? Index : number;

/** Result of `select`: testing `index`, and then `ok`, narrows the type of `value`. */
export type SelectResult<Arms extends readonly SelectArm[]> = {
  [Key in keyof Arms]: ArmResult<Arms[Key], Place<Key>>;
}[number];
