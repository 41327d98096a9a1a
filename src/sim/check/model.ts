// SPDX-License-Identifier: MIT
/** A sequential object, against which the operations of a history are checked. */

/** Effect of an operation on the state of a {@linkcode Model}. */
export interface ModelStep<S, O> {
  /** State afterwards; the state before must not be changed. */
  readonly state: S;
  /** Output that the operation must have; any if it is absent. */
  readonly output?: O;
}

/**
 * Sequential object: what operations do and return when they run one after another. Porcupine:
 * `Model`.
 *
 * @typeParam S state: plain data, never changed in place
 * @typeParam I input of an operation
 * @typeParam O output of an operation
 * @example
 * ```ts
 * const counter: Model<number, "increment" | "read", number> = {
 *   initial: 0,
 *   apply: (state, input) => input === "read" ? { state, output: state } : { state: state + 1 },
 * };
 * ```
 */
export interface Model<S, I, O> {
  /** State before the first operation. */
  readonly initial: S;
  /** Returns the effect of an operation. */
  apply(state: S, input: I): ModelStep<S, O>;
  /**
   * Returns the part of the object that an operation uses, as the key of a store. Parts must not
   * affect each other: each is checked alone, which is much faster.
   */
  partition?(input: I): string | number;
  /**
   * Reports whether an operation may have `actual` for its output where `apply` returned `expected`.
   * By default both must be equal as plain data.
   */
  accepts?(expected: O, actual: O): boolean;
  /** Returns text that is equal for equal states. By default the state as plain data. */
  key?(state: S): string;
  /** Returns an operation as text, for reports; `output` is absent if it is not known. */
  describe?(input: I, output?: O): string;
}
