// SPDX-License-Identifier: MIT
/**
 * What a caller gave that is not what it must be: an error that says so, whatever it is instead.
 */
import { atCaller } from "./caller.ts";

/** Letters of a text that an error shows. */
const MOST_SHOWN = 100;

/** `value` as the end of an error: a number or a text as it is, anything else by its type. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}...` : value;
    case "object":
      if (isInvalidDate(value)) return "an invalid Date";
      // Its own toString might throw, or have an effect.
      return value === null ? "null" : "object";
    case "function":
    case "symbol":
      return typeof value;
    default:
      return String(value);
  }
}

/** Asked of the Date itself, not of methods that a caller's object may have. */
function isInvalidDate(value: unknown): boolean {
  return value instanceof Date && Number.isNaN(Date.prototype.getTime.call(value));
}

/** The error of an argument: `what` must be `kind` for `call`, which is a verb. */
export function wrongArgument(call: string, what: string, kind: string, value: unknown): TypeError {
  return atCaller(
    new TypeError(`Cannot ${call} as ${what} must be ${kind}: current value is ${shown(value)}`),
  );
}

/** Throws TypeError unless `value` is a string. */
export function needString(call: string, what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw wrongArgument(call, what, "a string", value);
}

/** Throws TypeError unless `value` is an object, as one with settings must be. */
export function needObject(call: string, what: string, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw wrongArgument(call, what, "an object", value);
  }
}

/** Throws TypeError unless `value` can be called. */
export function needFunction(call: string, what: string, value: unknown): void {
  if (typeof value !== "function") throw wrongArgument(call, what, "a function", value);
}

/** Throws TypeError unless `value` is `kind`, which has these methods. */
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

/** Reports whether `value` is a call that may park and has not been driven by `yield*`. */
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
