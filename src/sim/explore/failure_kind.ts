// SPDX-License-Identifier: MIT
/** When two failures are the same one. */
import { PropertyError } from "../check/property_counts.ts";

/**
 * Returns the kind of a failure: the class of the error and the first line of its message, without
 * numbers, which differ from run to run: times, ports, goroutines. That of a property is its name.
 */
export function failureKind(cause: unknown): string {
  if (cause instanceof PropertyError) return `${cause.kind} ${cause.property}`;
  if (!(cause instanceof Error)) return withoutNumbers(String(cause));
  return withoutNumbers(`${cause.name}: ${cause.message}`);
}

function withoutNumbers(text: string): string {
  return text.split("\n", 1)[0].replaceAll(/\b0x[0-9a-f]+\b|\d+(?:\.\d+)*/gi, "#");
}
