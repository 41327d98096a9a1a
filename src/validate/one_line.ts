// SPDX-License-Identifier: MIT
/** One-line output of `console.log` for an object, instead of its fields. */

/** Custom inspection in Node and Bun. */
const NODE = Symbol.for("nodejs.util.inspect.custom");
/** Custom inspection in Deno. */
const DENO = Symbol.for("Deno.customInspect");

/**
 * Makes `console.log` and `String` show the instances of a class by `text`. A class with its own
 * `toString` keeps it. Instances are not modified.
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
