// SPDX-License-Identifier: MIT
/** One line for `console.log` of an object, in place of all that it is made of. */

/** How Node and Bun ask an object for its text. */
const NODE = Symbol.for("nodejs.util.inspect.custom");
/** How Deno does. */
const DENO = Symbol.for("Deno.customInspect");

/**
 * Makes `console.log` and `String` show the instances of a class by `text`. A class with a
 * `toString` of its own keeps that. Nothing is added to an object.
 */
export function showAs<T extends object>(prototype: T, text: (it: T) => string): void {
  const shownBy = (it: T): string => {
    try {
      return text(it);
    } catch {
      // The prototype itself, which has no fields.
      return it.constructor?.name ?? "Object";
    }
  };
  const property = (value: unknown) => ({ value, configurable: true, writable: true });
  function inspect(this: T): string {
    return shownBy(this);
  }
  Object.defineProperty(prototype, NODE, property(inspect));
  Object.defineProperty(prototype, DENO, property(inspect));
  if (!Object.hasOwn(prototype, "toString")) {
    Object.defineProperty(prototype, "toString", property(inspect));
  }
}
