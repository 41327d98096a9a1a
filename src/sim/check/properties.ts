// SPDX-License-Identifier: MIT
/**
 * Properties that a program states about itself, in the sense of Antithesis and of TLA: what holds
 * always, what happens in some run, what is reached, what comes true in the end. A simulation
 * counts them; outside a simulation each call is one comparison and has no effect.
 */
import { background } from "../../context/context.ts";
import { cancellable } from "../../context/cancellable.ts";
import { DeadlineExceededError } from "../../context/errors.ts";
import { withTimeout } from "../../context/with_cancel.ts";
import { noted } from "../../sched/calls.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { sleep } from "../../sched/sleep.ts";
import { scheduler } from "../../sched/thread.ts";
import { registerState } from "../../sched/thread_state.ts";
import {
  needFunction,
  needObject,
  needString,
  shown,
  wrongArgument,
} from "../../validate/argument.ts";
import { shortText } from "./plain_text.ts";
import { type PropertyCounts, PropertyError, type PropertyKind } from "./property_counts.ts";

/** A simulation, as the checks of its program use it. */
export interface Checked {
  readonly properties: PropertyCounts;
  /** Virtual time, in milliseconds. */
  readonly now: number;
  /** Adds an event of a property to the log. */
  logProperty(text: string): void;
  /** Adds an event of an operation to the log; `number` is that of the operation. */
  logOperation(number: number, text: string): void;
  /** Fails the simulation. */
  fail(error: unknown): void;
  /** Ends all faults. */
  quiet(): void;
}

/** The simulation that has this thread, if one has. */
let checked: Checked | null = null;

registerState<Checked | null>("simulation checks", {
  fresh: () => null,
  save: () => checked,
  restore: (state) => checked = state,
});

/** Has the checks of this thread belong to a simulation. */
export function setChecked(simulation: Checked): void {
  checked = simulation;
}

/** Returns the simulation that has this thread, or null. */
export function currentChecked(): Checked | null {
  return checked;
}

/**
 * States that `condition` holds whenever the program comes here. Where it does not, the simulation
 * fails: it ends after the present turn with a {@linkcode SimulationError} whose cause is a
 * {@linkcode PropertyError}. Nothing is thrown here, so no `catch` of the program hides the
 * failure.
 *
 * Never parks. Without effect outside a simulation. Antithesis: `always`. TLA: □.
 *
 * @param condition what must hold
 * @param name name of the property: one place of the program, without values
 * @param details values that the error shows
 * @throws {TypeError} if `condition` is not a boolean or `name` is not a string
 * @example
 * ```ts
 * always(items.length <= 100, "the queue has its limit", { length: items.length });
 * ```
 */
export function always(
  condition: boolean,
  name: string,
  details?: Readonly<Record<string, unknown>>,
): void {
  if (checked === null) return;
  if (count(checked, "always", condition, name)) return;
  const values = details === undefined ? "" : `: ${shortText(details, 400)}`;
  checked.logProperty(`always "${name}" is false${values}`);
  checked.fail(new PropertyError("always", name, `is false${values}`, goroutine()));
}

/**
 * States that `condition` holds at least once in some run of an exploration. One run alone does not
 * fail for it; what no run has seen, the tests do not cover.
 *
 * Never parks. Without effect outside a simulation. Antithesis: `sometimes`.
 *
 * @param condition what should hold now and then
 * @param name name of the property: one place of the program, without values
 * @throws {TypeError} if `condition` is not a boolean or `name` is not a string
 * @example
 * ```ts
 * sometimes(items.length === 0, "the queue runs empty");
 * ```
 */
export function sometimes(condition: boolean, name: string): void {
  if (checked === null) return;
  const first = count(checked, "sometimes", condition, name) &&
    checked.properties.of("sometimes", name).passed === 1;
  if (first) checked.logProperty(`sometimes "${name}" is true`);
}

/**
 * States that some run of an exploration comes here. See {@linkcode Simulation.expectReachable} for
 * places that no run may reach at all.
 *
 * Never parks. Without effect outside a simulation. Antithesis: `reachable`.
 *
 * @param name name of the place
 * @throws {TypeError} if `name` is not a string
 * @example
 * ```ts
 * if (items.length > 100) reachable("a request is refused");
 * ```
 */
export function reachable(name: string): void {
  if (checked === null) return;
  count(checked, "reachable", true, name);
  if (checked.properties.of("reachable", name).passed === 1) {
    checked.logProperty(`reachable "${name}" is reached`);
  }
}

/** Options of {@linkcode eventually}. */
export interface EventuallyOptions {
  /** Name of the property. */
  readonly name: string;
  /** Virtual time in which it must come true, in milliseconds; 60,000 by default. */
  readonly within?: number;
  /** Virtual time between two looks, in milliseconds; 10 by default. */
  readonly every?: number;
}

/**
 * Ends all faults, as {@linkcode Simulation.quiet} does, and waits until `condition` holds: a
 * system that the faults have left must reach a good state again. Where it does not, the simulation
 * fails, and a {@linkcode PropertyError} is thrown here.
 *
 * Parks. Outside a simulation it returns at once. Antithesis: `eventually_` commands. TLA: ◇.
 *
 * @param condition returns whether it holds, or is a `function*` that finds out and may park. A
 * look that throws counts as false; the last error becomes the `cause`.
 * @throws {PropertyError} if it has not come true in time; {@linkcode TypeError} or
 * {@linkcode RangeError} for an invalid argument
 * @example
 * ```ts
 * yield* eventually(() => items.length === 0, { name: "all is done", within: 5000 });
 * ```
 */
export function eventually(
  condition: () => boolean | Routine<boolean>,
  options: EventuallyOptions,
): Routine<void> {
  return noted("eventually", waiting(condition, options));
}

function* waiting(
  condition: () => boolean | Routine<boolean>,
  options: EventuallyOptions,
): Routine<void> {
  const simulation = checked;
  if (simulation === null) return;
  const { name, within, every } = checkOptions(condition, options);
  simulation.quiet();
  const { passed, error } = yield* come(simulation, condition, within, every);
  count(simulation, "eventually", passed, name);
  if (passed) return simulation.logProperty(`eventually "${name}" is true`);
  const what = `did not come true in ${within} ms without faults`;
  simulation.logProperty(`eventually "${name}" ${what}`);
  const failure = new PropertyError("eventually", name, what, goroutine(), error);
  simulation.fail(failure);
  throw failure;
}

refuseAwait(waiting.prototype, "eventually");

/** Looks again and again until the condition holds or the time is over. */
function* come(
  simulation: Checked,
  condition: () => boolean | Routine<boolean>,
  within: number,
  every: number,
): Routine<{ readonly passed: boolean; readonly error?: unknown }> {
  const end = simulation.now + within;
  let error: unknown;
  for (;;) {
    let holds: boolean | undefined;
    try {
      const look = condition();
      holds = typeof look === "object" ? yield* inTime(look, end - simulation.now) : look;
    } catch (thrown) {
      // An earlier error explains more than the expired deadline does.
      if (error === undefined || !(thrown instanceof DeadlineExceededError)) error = thrown;
      holds = false;
    }
    needBoolean("eventually", holds);
    if (holds) return { passed: true };
    if (simulation.now >= end) return { passed: false, error };
    yield* sleep(Math.min(every, end - simulation.now));
  }
}

/** Drives a look that may park, at most for `ms`. */
function* inTime(look: Routine<boolean>, ms: number): Routine<boolean> {
  const [ctx, cancel] = withTimeout(background(), Math.max(0, ms));
  try {
    return yield* cancellable(look, ctx);
  } finally {
    cancel();
  }
}

function checkOptions(condition: unknown, options: EventuallyOptions): Required<EventuallyOptions> {
  needFunction("eventually", "condition", condition);
  needObject("eventually", "options", options);
  const { name, within = 60_000, every = 10 } = options;
  needString("eventually", "name", name);
  for (const [key, ms] of [["within", within], ["every", every]] as const) {
    if (!Number.isFinite(ms) || ms <= 0) {
      throw new RangeError(
        `Cannot wait as ${key} must be a time above 0: current value is ${shown(ms)}`,
      );
    }
  }
  return { name, within, every };
}

/** Counts, and returns the condition. */
function count(simulation: Checked, kind: PropertyKind, condition: boolean, name: string): boolean {
  needBoolean(kind, condition);
  needString(`state ${kind}`, "name", name);
  const counted = simulation.properties.of(kind, name);
  if (condition) counted.passed++;
  else counted.failed++;
  return condition;
}

/** A promise or a call that was forgotten to be driven would always hold. */
function needBoolean(kind: PropertyKind, condition: unknown): asserts condition is boolean {
  if (typeof condition !== "boolean") {
    throw wrongArgument(`state ${kind}`, "condition", "a boolean", condition);
  }
}

function goroutine(): string {
  const { current } = scheduler;
  return current === null ? "" : `goroutine ${current.id} [${current.name}]`;
}
