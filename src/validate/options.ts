// SPDX-License-Identifier: MIT
/** Checks options: a TypeError names the field. */
import type { Problem, Schema } from "./schema.ts";

/** Returns the options unchanged, or throws a TypeError that names each invalid field. */
export function checkOptions<T>(call: string, schema: Schema<T>, options: unknown): T {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  const faults = checked.problems.map((problem) => fault(problem, []));
  throw new TypeError(`Cannot ${call} with these options: ${faults.join("; ")}`);
}

/**
 * Describes a problem with the field's name; for a union, that of the best-matching alternative.
 */
function fault(problem: Problem, above: PropertyKey[]): string {
  const path = [...above, ...problem.path];
  const deepest = problem.alternatives?.flat().find((inner) =>
    inner.path.length > 0 || inner.unknownKeys
  );
  if (deepest !== undefined) return fault(deepest, path);
  return path.length === 0 ? problem.message : `${path.join(".")}: ${problem.message}`;
}
