// SPDX-License-Identifier: MIT
/** Whether a history could be that of an object whose operations happen one at a time. */
import { needMethods, needObject, shown } from "../../validate/argument.ts";
import { History, type Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { type Found, type Placed, Search } from "./search.ts";
import { shortText } from "./plain_text.ts";

/** Steps of the model for each part of the object, by default. */
const MOST_STEPS = 1_000_000;
/** Operations that a report lists of one kind. */
const MOST_LISTED = 10;

/** Options of {@linkcode checkLinearizability}. */
export interface LinearizabilityOptions {
  /**
   * Calls of the model's `apply` for each part of the object, at most; 1,000,000 by default. The
   * search takes exponential time in the worst case, above all with many concurrent operations of
   * unknown outcome.
   */
  readonly steps?: number;
}

/** Result of {@linkcode checkLinearizability}. */
export interface LinearizabilityResult<I, O> {
  /**
   * - "linearizable": there is an order that the model accepts and that agrees with real time
   * - "violation": there is none
   * - "undecided": none was found within the limit of steps
   */
  readonly verdict: "linearizable" | "violation" | "undecided";
  /** The result in words; for a violation the operations that show it. */
  readonly text: string;
  /** Calls of the model's `apply`. */
  readonly steps: number;
  /** Part of the object that is violated or undecided; else null. */
  readonly partition: string | number | null;
  /**
   * For a violation: the operation that no order explains, while those that ended before it have
   * one.
   */
  readonly operation: Operation<I, O> | null;
  /** For a violation: the longest order of the operations before it. */
  readonly order: readonly Operation<I, O>[];
}

/**
 * Checks whether a history is linearizable: whether each operation could have happened at one
 * moment between its beginning and its end, so that all together do what the model does. An
 * operation of unknown outcome could have happened at any time after its beginning, or never; one
 * that failed did not happen. Never parks. Porcupine: `CheckOperations`.
 *
 * @param model the object: {@linkcode registerModel}, {@linkcode queueModel},
 * {@linkcode mutexModel}, or one of the program's own
 * @param history a {@linkcode History}, or its operations
 * @throws {TypeError} or {@linkcode RangeError} for an invalid argument; what the model throws
 * @example
 * ```ts
 * const history = new History<RegisterInput<number | null>, number | boolean | null>();
 * history.invoke("client 1", { op: "write", value: 1 }).ok(true);
 * const { verdict, text } = checkLinearizability(registerModel<number | null>(null), history);
 * if (verdict !== "linearizable") throw new Error(text);
 * ```
 */
export function checkLinearizability<S, I, O>(
  model: Model<S, I, O>,
  history: History<I, O> | readonly Operation<I, O>[],
  options: LinearizabilityOptions = {},
): LinearizabilityResult<I, O> {
  needMethods("check a history", "model", "a Model", model, "apply");
  needObject("check a history", "options", options);
  const { steps = MOST_STEPS } = options;
  if (!(steps > 0)) {
    throw new RangeError(
      `Cannot check a history as steps must be above 0: current value is ${shown(steps)}`,
    );
  }
  let total = 0;
  let undecided: LinearizabilityResult<I, O> | null = null;
  for (const [partition, part] of partsOf(model, history)) {
    const found = new Search(model, part).run(Math.floor(steps));
    total += found.steps;
    if (found.verdict === "violation") return violation(model, part, partition, found, total);
    if (found.verdict === "undecided") undecided ??= noResult(partition, found.steps);
  }
  if (undecided !== null) return { ...undecided, steps: total };
  const text = "linearizable";
  return { verdict: text, text, steps: total, partition: null, operation: null, order: [] };
}

/** The operations that may have happened, by the part of the object that they use. */
function partsOf<S, I, O>(
  model: Model<S, I, O>,
  history: History<I, O> | readonly Operation<I, O>[],
): Map<string | number, Operation<I, O>[]> {
  const operations = history instanceof History ? history.operations() : history;
  if (!Array.isArray(operations)) {
    throw new TypeError("Cannot check a history as history must be a History or an array");
  }
  const parts = new Map<string | number, Operation<I, O>[]>();
  for (const operation of operations as readonly Operation<I, O>[]) {
    if (operation.outcome === "fail") continue;
    const partition = model.partition?.(operation.input) ?? "";
    const part = parts.get(partition);
    if (part === undefined) parts.set(partition, [operation]);
    else part.push(operation);
  }
  return parts;
}

function noResult<I, O>(partition: string | number, steps: number): LinearizabilityResult<I, O> {
  const text = `undecided${nameOf(partition)}: ${steps} steps found no order, and did not try all`;
  return { verdict: "undecided", text, steps, partition, operation: null, order: [] };
}

function violation<S, I, O>(
  model: Model<S, I, O>,
  part: readonly Operation<I, O>[],
  partition: string | number,
  found: Found<S, I, O>,
  steps: number,
): LinearizabilityResult<I, O> {
  const operation = found.blocked!;
  const order = found.order.map((placed) => placed.operation);
  const others = part.filter((other) =>
    other !== operation && !order.includes(other) && other.invoked < operation.returned
  );
  const text = [
    `not linearizable${nameOf(partition)}: no order explains`,
    `  ${lineOf(model, operation)}`,
    ...orderText(model, found.order),
    ...listText("concurrent with it, and in no order:", others.map((one) => lineOf(model, one))),
  ].join("\n");
  return { verdict: "violation", text, steps, partition, operation, order };
}

function orderText<S, I, O>(model: Model<S, I, O>, order: readonly Placed<S, I, O>[]): string[] {
  const start = shortText(model.initial);
  if (order.length === 0) return [`where the state is ${start}, as at the start`];
  const lines = order.map(({ operation, state }) =>
    `${lineOf(model, operation)}; the state is then ${shortText(state)}`
  );
  return listText(`after the longest order of what came before, from the state ${start}:`, lines);
}

function listText(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const left = lines.length - MOST_LISTED;
  const more = left > 0 ? [`  ... ${left} before`] : [];
  return [title, ...more, ...lines.slice(-MOST_LISTED).map((line) => `  ${line}`)];
}

function lineOf<S, I, O>(model: Model<S, I, O>, operation: Operation<I, O>): string {
  const { number, process, start, end, outcome } = operation;
  const until = end === Infinity ? "end unknown" : `to ${end.toFixed(3)} ms`;
  const what = describe(model, operation);
  return `#${number} ${process}: ${what} (${outcome}, ${start.toFixed(3)} ${until})`;
}

function describe<S, I, O>(model: Model<S, I, O>, operation: Operation<I, O>): string {
  const { input, output, outcome } = operation;
  if (model.describe !== undefined) {
    return outcome === "ok" ? model.describe(input, output) : model.describe(input);
  }
  return `${shortText(input)} -> ${outcome === "ok" ? shortText(output) : "?"}`;
}

function nameOf(partition: string | number): string {
  return partition === "" ? "" : ` (${partition})`;
}
