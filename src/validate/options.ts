// SPDX-License-Identifier: MIT
/** Checks options: a TypeError names the field. */
import { atCaller } from "./caller.ts";
import { didYouMean } from "./unknown_option.ts";
import type { Problem, Schema } from "./schema.ts";

/**
 * Returns the options unchanged, or throws a TypeError that names each invalid field. `others` are
 * names that `call` has checked elsewhere, and may suggest.
 */
export function checkOptions<T>(
  call: string,
  schema: Schema<T>,
  options: unknown,
  others: readonly string[] = [],
): T {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  const faults = checked.problems.map((problem) => fault(problem, [], others));
  throw atCaller(new TypeError(`Cannot ${call} with these options: ${faults.join("; ")}`));
}

/**
 * Describes a problem with the field's name; for a union, that of the best-matching alternative.
 */
function fault(problem: Problem, above: PropertyKey[], others: readonly string[]): string {
  const path = [...above, ...problem.path];
  const deepest = problem.alternatives?.flat().find((inner) =>
    inner.path.length > 0 || inner.unknownKeys !== undefined
  );
  if (deepest !== undefined) return fault(deepest, path, others);
  const message = problem.message + suggestion(problem, path.length === 0 ? others : []);
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

/** Returns the known name that was probably meant, for the first unknown one that is like any. */
function suggestion({ unknownKeys = [], knownKeys = [] }: Problem, others: readonly string[]) {
  const known = [...knownKeys, ...others];
  return unknownKeys.map((key) => didYouMean(key, known)).find((text) => text !== "") ?? "";
}
