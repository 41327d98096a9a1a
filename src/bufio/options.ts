// SPDX-License-Identifier: MIT
/** Settings of buffered readers and writers and of their calls. */
import type { CallOptions } from "../net/options/call_options.ts";
import { toMonotonic } from "../net/deadline.ts";
import { needObject, shown, wrongArgument } from "../validate/argument.ts";
import type { Cancel } from "../context/cancellable.ts";
import { Context } from "../context/context.ts";

/**
 * Settings of one read: what may end it early, and how much it may return. A context or an
 * `AbortSignal` may stand in place of the object.
 */
export interface BufferedReadOptions extends CallOptions {
  /** Most bytes of the line, of the bytes or of the frame; that of the reader by default. */
  max?: number;
  /** True to return memory of its own instead of a view that is valid until the next read. */
  copy?: boolean;
  /** True to refuse a last line without its delimiter: the end is an `UnexpectedEOFError` then. */
  whole?: boolean;
}

/** Settings of a {@linkcode BufferedReader}. */
export interface BufferedReaderOptions {
  /** Bytes of the buffer at first, 4 KiB by default; for a fast stream it grows to 64 KiB. */
  size?: number;
  /** Most bytes of a line, without its end, or of what `until` returns; 64 KiB by default. */
  maxLine?: number;
  /** Most bytes that `bytes` and `peek` may be asked for, 1 MiB by default. */
  maxBytes?: number;
}

/** Settings of a {@linkcode BufferedWriter}. */
export interface BufferedWriterOptions {
  /** Bytes that are collected before a write must wait for the peer, 16 KiB by default. */
  size?: number;
  /** False to write out only in `flush`, in `close` and when the buffer is full, as Go does. */
  autoFlush?: boolean;
}

const NO_OPTIONS: BufferedReadOptions = Object.freeze({});
const CALL_KEYS = ["timeout", "deadline", "signal", "context"];
const READ_KEYS = new Set([...CALL_KEYS, "max", "copy", "whole"]);

/** `options` of a read, checked; a context or a signal alone becomes the option of that name. */
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

/** Throws TypeError unless `options` is an object with no other than these keys. */
export function checkKeys(call: string, options: unknown, known: ReadonlySet<string>): void {
  needObject(call, "the options", options);
  for (const key of Object.keys(options as object)) {
    if (!known.has(key)) throw new TypeError(`Cannot ${call} as there is no option ${shown(key)}`);
  }
}

/** Throws TypeError unless `value` is left out or a boolean. */
export function checkBoolean(call: string, key: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw wrongArgument(call, key, "a boolean", value);
  }
}

/** Throws RangeError unless `value` is left out or a positive whole number of bytes. */
export function checkMax(call: string, key: string, value: unknown): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) > 0)) return;
  throw new RangeError(
    `Cannot ${call} as ${key} must be a positive number of bytes: current value is ${shown(value)}`,
  );
}
