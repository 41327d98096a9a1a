// SPDX-License-Identifier: MIT
/**
 * What may stand in a `select`. Go knows channel operations only; here the set is open.
 *
 * Two kinds of thing can be waited for. One hands over: at the moment when it happens it has a
 * value for exactly one taker (a channel's sender). It asks `waiter.claim()` and, if that says yes,
 * calls `waiter.finish(value, ok)`. The other only becomes ready, perhaps for someone else by the
 * time the goroutine runs (a socket). It calls `waiter.retry()`, and is tried again.
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

/** What a case deals with: it stands for one `select` that waits. */
export interface SelectWaiter {
  /** What is to be sent, or what came. */
  value: unknown;
  /** Whether a value passed. */
  ok: boolean;
  /** Whether it was completed by {@linkcode finish}. */
  readonly done: boolean;
  /**
   * Whether it may be completed, in which case it must be, at once, by {@linkcode finish}: this is
   * the one case of its `select` that happens. False when another was faster: let go of it then.
   */
  claim(): boolean;
  /** Completes it: this is what came, and the goroutine goes on. */
  finish(value: unknown, ok: boolean): void;
  /** Has its `select` try all its cases again: something may have come. Completes nothing. */
  retry(): void;
}

/**
 * A case of a `select`. For each case `select` calls, and nothing here may park:
 *
 * 1. `try`, in random order over the cases. If one gives true, its `collect`, and that is all.
 * 2. `enqueue` of each, in their order, and the goroutine parks until a waiter is claimed or `retry`
 *    is called.
 * 3. `collect` of the one whose waiter was claimed, and `dequeue` of each other; all are withdrawn
 *    when the goroutine is ended or before they are tried again.
 *
 * A case object may be used by several selects at once, and twice in one: what belongs to one use
 * must be kept by its waiter. After `dequeue` and after `finish` the waiter must not be touched,
 * as it serves another select by then.
 *
 * @typeParam O The `value` and `ok` that it gives.
 */
export interface SelectCase<O extends CaseOutcome = CaseOutcome> {
  /** For the type checker alone. @internal */
  readonly [OUTCOME]?: O;
  /**
   * Makes the case happen if that needs no waiting, and says whether it did. What came goes into
   * `waiter.value` and `waiter.ok`. Otherwise it leaves no trace. It may throw.
   */
  try(waiter: SelectWaiter): boolean;
  /** Keeps `waiter`, to claim or retry it later; at once is allowed as well. */
  enqueue(waiter: SelectWaiter): void;
  /**
   * Lets go of `waiter`, which need not be kept any more. If `waiter.done`, it had been completed
   * and its goroutine was ended before it ran: what it carries is to be taken back.
   */
  dequeue(waiter: SelectWaiter): void;
  /** The `value` of the case that happened, out of `waiter`; or throws what `select` is to throw. */
  collect(waiter: SelectWaiter): O["value"];
  /** What a dump calls it: "receive of chan 3". It must not throw. */
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
