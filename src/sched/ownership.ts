// SPDX-License-Identifier: MIT
/**
 * What a run owns. Descriptors that a run's goroutines opened are closed when it ends, but what its
 * main goroutine returns is the caller's.
 */

/** Method by which the owner of a descriptor leaves its run. */
export const DISOWN: unique symbol = Symbol("netpoll.disown");

function disownOne(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const method = (value as { [DISOWN]?: unknown })[DISOWN];
  if (typeof method === "function") method.call(value);
}

/**
 * Hands a result to the caller: the value itself, and the members of an array or a plain object.
 */
export function disown(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  disownOne(value);
  if (Array.isArray(value)) value.forEach(disownOne);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    Object.values(value).forEach(disownOne);
  }
}
