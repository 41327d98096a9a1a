// SPDX-License-Identifier: MIT
/** Checking settings: a TypeError that names the field. */
import type { z } from "zod";

/** The options as they are, or a TypeError that names each field that is wrong. */
export function checkOptions<T>(call: string, schema: z.ZodType<T>, options: unknown): T {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map((issue) => fault(issue, []));
  throw new TypeError(`Cannot ${call} with these options: ${faults.join("; ")}`);
}

/** What is wrong, with the field's name. Of alternatives the one that fits best tells it. */
function fault(issue: z.core.$ZodIssue, above: PropertyKey[]): string {
  const path = [...above, ...issue.path];
  const deepest = issue.code === "invalid_union"
    ? issue.errors.flat().find((inner) =>
      inner.path.length > 0 || inner.code === "unrecognized_keys"
    )
    : undefined;
  if (deepest !== undefined) return fault(deepest, path);
  return path.length === 0 ? issue.message : `${path.join(".")}: ${issue.message}`;
}
