// SPDX-License-Identifier: MIT
/** Models of objects that programs often share. */
import type { Model } from "./model.ts";
import { shortText } from "./plain_text.ts";

/**
 * Operation on a register, or on one of several by `key`:
 *
 * - "read" returns the value
 * - "write" sets it; any output is accepted
 * - "cas" sets it if it equals `expected`, and returns whether it did
 */
export type RegisterInput<V> =
  | { readonly op: "read"; readonly key?: string | number }
  | { readonly op: "write"; readonly key?: string | number; readonly value: V }
  | {
    readonly op: "cas";
    readonly key?: string | number;
    readonly expected: V;
    readonly value: V;
  };

/**
 * Returns the model of registers with read, write and compare-and-set, each key a register of its
 * own. Values are compared by `===`. Jepsen: `register`, `cas-register`.
 *
 * @param initial value before the first write
 * @example
 * ```ts
 * const history = new History<RegisterInput<number | null>, number | boolean | null>();
 * const result = checkLinearizability(registerModel<number | null>(null), history);
 * ```
 */
export function registerModel<V>(initial: V): Model<V, RegisterInput<V>, V | boolean> {
  return {
    initial,
    apply(state, input) {
      if (input.op === "read") return { state, output: state };
      if (input.op === "write") return { state: input.value };
      const output = state === input.expected;
      return { state: output ? input.value : state, output };
    },
    partition: ({ key }) => key ?? "",
    describe(input, ...output) {
      const name = input.key === undefined ? "" : ` ${input.key}`;
      const result = output.length === 0 ? "?" : shortText(output[0]);
      if (input.op === "read") return `read${name} -> ${result}`;
      if (input.op === "write") return `write${name} ${shortText(input.value)}`;
      return `cas${name} ${shortText(input.expected)} to ${shortText(input.value)} -> ${result}`;
    },
  };
}

/** Operation on a queue: "enqueue" adds `value`, "dequeue" takes the oldest or returns null. */
export type QueueInput<V> =
  | { readonly op: "enqueue"; readonly value: V }
  | { readonly op: "dequeue" };

/**
 * Returns the model of a queue, first in, first out, that is empty at the start.
 *
 * @example
 * ```ts
 * const history = new History<QueueInput<string>, string | null>();
 * const result = checkLinearizability(queueModel<string>(), history);
 * ```
 */
export function queueModel<V>(): Model<readonly V[], QueueInput<V>, V | null> {
  return {
    initial: [],
    apply: (state, input) =>
      input.op === "enqueue"
        ? { state: [...state, input.value] }
        : { state: state.slice(1), output: state.length === 0 ? null : state[0] },
    describe(input, ...output) {
      if (input.op === "enqueue") return `enqueue ${shortText(input.value)}`;
      return `dequeue -> ${output.length === 0 ? "?" : shortText(output[0])}`;
    },
  };
}

/** Operation on a lock; both return whether they succeeded. */
export interface MutexInput {
  /** "acquire" succeeds if the lock is free, "release" if `owner` holds it. */
  readonly op: "acquire" | "release";
  /** Who acquires or releases it. */
  readonly owner: string | number;
  /** Which of several locks. */
  readonly key?: string | number;
}

/**
 * Returns the model of locks that have at most one owner each, free at the start.
 *
 * @example
 * ```ts
 * const history = new History<MutexInput, boolean>();
 * const result = checkLinearizability(mutexModel(), history);
 * ```
 */
export function mutexModel(): Model<string | number | null, MutexInput, boolean> {
  return {
    initial: null,
    apply(state, { op, owner }) {
      const output = state === (op === "acquire" ? null : owner);
      if (!output) return { state, output };
      return { state: op === "acquire" ? owner : null, output };
    },
    partition: ({ key }) => key ?? "",
    describe({ op, owner, key }, ...output) {
      const result = output.length === 0 ? "?" : String(output[0]);
      return `${op}${key === undefined ? "" : ` ${key}`} by ${owner} -> ${result}`;
    },
  };
}
