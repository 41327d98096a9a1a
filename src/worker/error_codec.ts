// SPDX-License-Identifier: MIT
/** Errors in messages to another thread: a structured clone loses their class and fields. */
import { shown } from "../validate/argument.ts";

/** An error without its class. */
export interface EncodedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields that can be cloned, such as `code`, `errno`, `bytesWritten`. */
  readonly fields: Record<string, unknown>;
  readonly cause: EncodedError | null;
  /** The thrown value, if it is not an error but can be cloned. */
  readonly value?: unknown;
}

/** Maximum depth of causes. */
const DEPTH = 5;

/** JavaScript's own error classes, which are preserved. */
const CLASSES: Record<string, new (message: string) => Error> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Encodes `error`. */
export function pack(error: unknown, depth: number = DEPTH): EncodedError {
  if (!(error instanceof Error)) {
    const message = textOf(error);
    const value = cloneable(error) ? error : message;
    return { name: "", message, stack: undefined, fields: {}, cause: null, value };
  }
  try {
    return packError(error, depth);
  } catch {
    // A getter of the error threw.
    return packError(new Error("an error whose properties cannot be read was thrown"), 0);
  }
}

function packError(error: Error, depth: number): EncodedError {
  const fields = Object.entries(error).filter(([key, value]) => !OWN.has(key) && cloneable(value));
  const cause = error.cause === undefined || depth === 0 ? null : pack(error.cause, depth - 1);
  const [name, message] = [textOf(error.name), textOf(error.message)];
  const stack = typeof error.stack === "string" ? error.stack : undefined;
  return { name, message, stack, fields: Object.fromEntries(fields), cause };
}

/** Returns the text of a thrown value, which may have none, or a toString that throws. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return shown(value);
  }
}

const OWN = new Set(["name", "message", "stack", "cause"]);

/** Decodes an error: `name`, `message`, `stack`, and its own fields. */
export function unpack(packed: EncodedError): unknown {
  if ("value" in packed) return packed.value;
  const error = new (CLASSES[packed.name] ?? Error)(packed.message);
  const hidden = (value: unknown) => ({ value, configurable: true, writable: true });
  Object.defineProperty(error, "name", hidden(packed.name));
  if (packed.stack !== undefined) Object.defineProperty(error, "stack", hidden(packed.stack));
  if (packed.cause !== null) Object.defineProperty(error, "cause", hidden(unpack(packed.cause)));
  return Object.assign(error, packed.fields);
}

function cloneable(value: unknown): boolean {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return typeof value !== "symbol";
  }
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
