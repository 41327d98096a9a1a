// SPDX-License-Identifier: MIT
/**
 * Checks of the buffers that callers pass. Anything else would let the kernel write where it must
 * not; and a buffer may lose its memory while the call waits, by `transfer`, `postMessage` or
 * `resize`.
 *
 * An object can claim any `length`, by a subclass or a property of its own. So the length passed to
 * the kernel comes from the language's own getters, which ask the view and not the object.
 */
import { lengthOf, memoryOf, viewOf } from "../../platforms/shared/view.ts";
import { wrongArgument } from "../validate/argument.ts";

export { lengthOf, viewOf };

/** Returns `p` for code that uses the object itself: unchanged, unless its class is derived. */
export function plainView(p: Uint8Array): Uint8Array {
  const plain = Object.getPrototypeOf(p) === Uint8Array.prototype && !Object.hasOwn(p, "length");
  return plain ? p : viewOf(p);
}

/** Returns the length of `p`. Throws TypeError unless it is an attached Uint8Array. */
export function checkBytes(op: string, p: unknown, kind = "a Uint8Array"): number {
  if (!(p instanceof Uint8Array)) throw wrongArgument(op, "the buffer", kind, p);
  let length: number;
  try {
    length = lengthOf(p);
  } catch {
    // An object with the class's prototype, or one that wraps such an object, as a Proxy does.
    throw wrongArgument(op, "the buffer", kind, p);
  }
  if (length === 0) checkAttached(op, p);
  return length;
}

/** Data to write: bytes, or text as UTF-8. */
export type Writable = Uint8Array | string;

const encoder = new TextEncoder();

/** Throws TypeError unless `data` is text, or bytes that are attached. */
function checkWritable(data: unknown): asserts data is Writable {
  if (typeof data !== "string") checkBytes("write", data, "a Uint8Array or a string");
}

/** Returns `data` as a plain Uint8Array, text as UTF-8. Throws as `checkWritable`. */
export function bytesOf(data: Writable): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  checkWritable(data);
  return plainView(data);
}

/** Throws TypeError unless all of `pieces` pass `checkBytes`. Returns their total length. */
export function checkPieces(op: string, pieces: readonly unknown[]): number {
  if (!Array.isArray(pieces)) throw wrongArgument(op, "pieces", "an array", pieces);
  let length = 0;
  for (const piece of pieces) length += checkBytes(op, piece);
  return length;
}

/** As `checkBytes`, before a retry: returns the length that `p` has now. */
export function lengthNow(op: string, p: Uint8Array): number {
  const length = lengthOf(p);
  if (length === 0) checkAttached(op, p);
  return length;
}

/** A buffer that was transferred has no length any more. */
function checkAttached(op: string, p: Uint8Array): void {
  if ((memoryOf(p) as { detached?: boolean }).detached) throw takenAway(op);
}

/** The error of a call whose buffer was changed meanwhile. */
export function takenAway(op: string): TypeError {
  return new TypeError(
    `Cannot ${op} as the buffer was detached or resized: keep its memory until the call has returned`,
  );
}
