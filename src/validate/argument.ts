// SPDX-License-Identifier: MIT
/** Errors for invalid arguments, which show the actual value. */
import { atCaller } from "./caller.ts";

/** Maximum number of characters of a value in an error. */
const MOST_SHOWN = 100;

/** Describes `value` in an error: a number or a string literally, anything else by its type. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}...` : value;
    case "object":
      if (isInvalidDate(value)) return "an invalid Date";
      // Not its own toString, which might throw or have side effects.
      return value === null ? "null" : "object";
    case "function":
    case "symbol":
      return typeof value;
    default:
      return String(value);
  }
}

/** Asks the Date itself, not methods of the caller's object. */
function isInvalidDate(value: unknown): boolean {
  return value instanceof Date && Number.isNaN(Date.prototype.getTime.call(value));
}

/** Creates the error of an argument: `what` must be `kind` for `call`, which is a verb. */
export function wrongArgument(call: string, what: string, kind: string, value: unknown): TypeError {
  return atCaller(
    new TypeError(`Cannot ${call} as ${what} must be ${kind}: current value is ${shown(value)}`),
  );
}

/** Throws TypeError unless `value` is a string. */
export function needString(call: string, what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw wrongArgument(call, what, "a string", value);
}

/** Throws TypeError unless `value` is an object, as options must be. */
export function needObject(call: string, what: string, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw wrongArgument(call, what, "an object", value);
  }
}

/** Throws TypeError unless `value` is a function. */
export function needFunction(call: string, what: string, value: unknown): void {
  if (typeof value !== "function") throw wrongArgument(call, what, "a function", value);
}

/** Throws TypeError unless `value` is `kind` with these methods. */
export function needMethods(
  call: string,
  what: string,
  kind: string,
  value: unknown,
  ...methods: string[]
): void {
  const given = value as Record<string, unknown> | null | undefined;
  if (methods.some((method) => typeof given?.[method] !== "function")) {
    if (isCall(given)) throw forgottenYield(call, what, kind);
    throw wrongArgument(call, what, kind, value);
  }
}

/** Whether `value` is a call that was not driven by `yield*`. */
function isCall(value: Record<string, unknown> | null | undefined): boolean {
  return typeof value?.["next"] === "function" && typeof value["return"] === "function";
}

function forgottenYield(call: string, what: string, kind: string): TypeError {
  return atCaller(
    new TypeError(
      `Cannot ${call} as ${what} must be ${kind}: current value is a call that may park; ` +
        "write yield* before it",
    ),
  );
}
