// SPDX-License-Identifier: MIT
/** Options of buffered readers and writers and of their calls. */
import type { CallOptions } from "../net/options/call_options.ts";
import { toMonotonic } from "../net/deadline.ts";
import { needObject, shown, wrongArgument } from "../validate/argument.ts";
import { unknownOption } from "../validate/unknown_option.ts";
import type { Cancel } from "../context/cancellable.ts";
import { Context } from "../context/context.ts";

/**
 * Options of one read: its limits. A context or an `AbortSignal` may be passed in place of the
 * object.
 */
export interface BufferedReadOptions extends CallOptions {
  /** Maximum length of the line, the bytes or the frame; that of the reader by default. */
  max?: number;
  /** True to return a copy instead of a view that is valid until the next read. */
  copy?: boolean;
  /** True to reject a last line without its delimiter, with an `UnexpectedEOFError`. */
  whole?: boolean;
}

/** Options of a {@linkcode BufferedReader}. */
export interface BufferedReaderOptions {
  /**
   * Initial size of the buffer in bytes; 4 KiB by default. For a fast stream it grows to 64 KiB.
   */
  size?: number;
  /** Maximum length of a line without its end, or of the result of `until`; 64 KiB by default. */
  maxLine?: number;
  /** Maximum number of bytes for `bytes` and `peek`; 1 MiB by default. */
  maxBytes?: number;
}

/** Options of a {@linkcode BufferedWriter}. */
export interface BufferedWriterOptions {
  /** Size of the buffer in bytes, beyond which a write waits for the peer; 16 KiB by default. */
  size?: number;
  /** False to write out only on `flush`, on `close` and when the buffer is full, as in Go. */
  autoFlush?: boolean;
}

const NO_OPTIONS: BufferedReadOptions = Object.freeze({});
const CALL_KEYS = ["timeout", "deadline", "signal", "context"];
const READ_KEYS = new Set([...CALL_KEYS, "max", "copy", "whole"]);

/** Checks the options of a read; a context or an AbortSignal becomes the option of that name. */
export function readOptions(
  call: string,
  options: Cancel | BufferedReadOptions | undefined,
): BufferedReadOptions {
  if (options === undefined) return NO_OPTIONS;
  if (options instanceof Context) return { context: options };
  if (options instanceof AbortSignal) return { signal: options };
  checkKeys(call, options, READ_KEYS);
  checkMax(call, "max", options.max);
  checkBoolean(call, "copy", options.copy);
  checkBoolean(call, "whole", options.whole);
  checkCallOptions(call, options);
  return options;
}

function checkCallOptions(call: string, { timeout, deadline, signal, context }: CallOptions): void {
  if (timeout !== undefined && !(timeout >= 0)) {
    throw wrongArgument(call, "timeout", "a number of milliseconds", timeout);
  }
  if (deadline !== undefined) toMonotonic(deadline);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongArgument(call, "signal", "an AbortSignal", signal);
  }
  if (context !== undefined && !(context instanceof Context)) {
    throw wrongArgument(call, "context", "a Context", context);
  }
}

/** Throws TypeError unless `options` is an object without other keys than these. */
export function checkKeys(call: string, options: unknown, known: ReadonlySet<string>): void {
  needObject(call, "the options", options);
  for (const key of Object.keys(options as object)) {
    if (!known.has(key)) throw unknownOption(call, key, known);
  }
}

/** Throws TypeError unless `value` is undefined or a boolean. */
export function checkBoolean(call: string, key: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw wrongArgument(call, key, "a boolean", value);
  }
}

/** Throws RangeError unless `value` is undefined or a positive integer. */
export function checkMax(call: string, key: string, value: unknown): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) > 0)) return;
  throw new RangeError(
    `Cannot ${call} as ${key} must be a positive number of bytes: current value is ${shown(value)}`,
  );
}
