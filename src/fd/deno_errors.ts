// SPDX-License-Identifier: MIT
/**
 * Errors of this library as instances of Deno's classes, so that code written for Deno's
 * own sockets goes on working: `error instanceof Deno.errors.ConnectionRefused`.
 *
 * An object has one chain of prototypes, and it must end in Deno's class. So for each pair of a
 * class of ours and one of Deno's there is a prototype below Deno's with the properties of ours,
 * and ours know those prototypes by `Symbol.hasInstance`. No global is changed.
 */
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import type { ErrorClass } from "../../platforms/contract/platform.ts";

/** Names of the error classes that both Deno and `@deno/shim-deno` have. */
export type DenoErrorName =
  | "AddrInUse"
  | "AddrNotAvailable"
  | "AlreadyExists"
  | "BadResource"
  | "BrokenPipe"
  | "Busy"
  | "ConnectionAborted"
  | "ConnectionRefused"
  | "ConnectionReset"
  | "Http"
  | "Interrupted"
  | "InvalidData"
  | "NotConnected"
  | "NotFound"
  | "PermissionDenied"
  | "TimedOut"
  | "UnexpectedEof"
  | "WriteZero";

const NAMES: readonly DenoErrorName[] = [
  "AddrInUse",
  "AddrNotAvailable",
  "AlreadyExists",
  "BadResource",
  "BrokenPipe",
  "Busy",
  "ConnectionAborted",
  "ConnectionRefused",
  "ConnectionReset",
  "Http",
  "Interrupted",
  "InvalidData",
  "NotConnected",
  "NotFound",
  "PermissionDenied",
  "TimedOut",
  "UnexpectedEof",
  "WriteZero",
];

/**
 * Deno's error classes: `Deno.errors` on Deno; on Bun those of the npm package `@deno/shim-deno`,
 * loaded on first use. An {@linkcode OpError} is an instance of the class for its `code`.
 *
 * @example
 * ```ts
 * try {
 *   yield* dial("tcp", "127.0.0.1:1");
 * } catch (error) {
 *   if (!(error instanceof denoErrors.ConnectionRefused)) throw error;
 * }
 * ```
 */
export const denoErrors: Readonly<Record<DenoErrorName, ErrorClass>> = Object.defineProperties(
  {} as Record<DenoErrorName, ErrorClass>,
  Object.fromEntries(
    NAMES.map((name) => [name, { enumerable: true, get: () => jsRuntime().denoErrors()[name] }]),
  ),
);

/**
 * Former name of {@linkcode denoErrors}.
 *
 * @deprecated Use {@linkcode denoErrors}. This name will be removed in version 0.3.
 */
export const errors: typeof denoErrors = denoErrors;

/** Deno's class for a code. Some exist in Deno only. */
const BY_CODE: Readonly<Record<string, string>> = {
  ABORT_ERR: "Interrupted",
  EACCES: "PermissionDenied",
  EADDRINUSE: "AddrInUse",
  EADDRNOTAVAIL: "AddrNotAvailable",
  EAGAIN: "WouldBlock",
  EBADF: "BadResource",
  EBUSY: "Busy",
  ECONNABORTED: "ConnectionAborted",
  ECONNREFUSED: "ConnectionRefused",
  ECONNRESET: "ConnectionReset",
  EEXIST: "AlreadyExists",
  EHOSTUNREACH: "NetworkUnreachable",
  EINTR: "Interrupted",
  ENETUNREACH: "NetworkUnreachable",
  ENODATA: "NotFound",
  ENOENT: "NotFound",
  ENOTCONN: "NotConnected",
  ENOTFOUND: "NotFound",
  EOPNOTSUPP: "NotSupported",
  EPERM: "PermissionDenied",
  EPIPE: "BrokenPipe",
  ERR_SOCKET_CLOSED: "BadResource",
  ETIMEDOUT: "TimedOut",
  ETIMEOUT: "TimedOut",
};

/** The prototypes made so far, by the name of our class and of Deno's. */
const prototypes = new Map<object, Map<string, object>>();

/** Makes `error`, an instance of `own`, also an instance of Deno's class for `code`. */
export function asDenoError(error: Error, own: { readonly prototype: Error }, code: string): void {
  const name = BY_CODE[code];
  if (name !== undefined) asDenoClass(error, own, name);
}

/**
 * Makes `error`, an instance of `own`, also an instance of Deno's class `name`, if there is one.
 */
export function asDenoClass(
  error: Error,
  own: { readonly prototype: Error },
  name: string,
): void {
  const Class = jsRuntime().denoErrors()[name];
  // A class derived from ours has a prototype chain of its own.
  if (Class === undefined || Object.getPrototypeOf(error) !== own.prototype) return;
  let made = prototypes.get(own);
  if (made === undefined) prototypes.set(own, made = new Map());
  let prototype = made.get(name);
  if (prototype === undefined) {
    const ours = Object.getOwnPropertyDescriptors(own.prototype);
    made.set(name, prototype = Object.create(Class.prototype, ours) as object);
  }
  Object.setPrototypeOf(error, prototype);
}

/**
 * `Symbol.hasInstance` of our classes: whether `value` has their prototype, or one derived from it.
 */
export function isInstance(own: object, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(own, value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const made = prototypes.get(own)?.values() ?? [];
  return [...made].includes(Object.getPrototypeOf(value));
}
