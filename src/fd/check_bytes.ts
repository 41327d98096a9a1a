// SPDX-License-Identifier: MIT
/**
 * Buffers that callers give. What is no buffer would let the kernel write where it must not; and one
 * that was given may lose its memory while the call waits, by `transfer`, `postMessage` or `resize`.
 *
 * An object can claim any `length`, by a subclass or a property of its own. So what the kernel is
 * told comes from the getters of the language itself, which ask the view and not the object.
 */
import { lengthOf, memoryOf, viewOf } from "../../platforms/shared/view.ts";
import { wrongArgument } from "../validate/argument.ts";

export { lengthOf, viewOf };

/** `p` for code that asks the object itself: as it is, if its class has not been derived from. */
export function plainView(p: Uint8Array): Uint8Array {
  const plain = Object.getPrototypeOf(p) === Uint8Array.prototype && !Object.hasOwn(p, "length");
  return plain ? p : viewOf(p);
}

/** Returns the length of `p`. Throws TypeError unless it is a Uint8Array that has its memory. */
export function checkBytes(op: string, p: unknown, kind = "a Uint8Array"): number {
  if (!(p instanceof Uint8Array)) throw wrongArgument(op, "the buffer", kind, p);
  let length: number;
  try {
    length = lengthOf(p);
  } catch {
    // An object that has the class's prototype, or stands before one of it, as a Proxy does.
    throw wrongArgument(op, "the buffer", kind, p);
  }
  if (length === 0) checkAttached(op, p);
  return length;
}

/** What may be written: bytes, or text as UTF-8. */
export type Writable = Uint8Array | string;

const encoder = new TextEncoder();

/** Throws TypeError unless `data` is text, or bytes that have their memory. */
function checkWritable(data: unknown): asserts data is Writable {
  if (typeof data !== "string") checkBytes("write", data, "a Uint8Array or a string");
}

/** `data` as bytes of the language's own class, text as UTF-8. Throws as `checkWritable`. */
export function bytesOf(data: Writable): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  checkWritable(data);
  return plainView(data);
}

/** Throws TypeError unless all of `pieces` are as `checkBytes` has them. Returns their length in all. */
export function checkPieces(op: string, pieces: readonly unknown[]): number {
  if (!Array.isArray(pieces)) throw wrongArgument(op, "pieces", "an array", pieces);
  let length = 0;
  for (const piece of pieces) length += checkBytes(op, piece);
  return length;
}

/** As `checkBytes`, before a try that had to wait: returns the length that `p` has now. */
export function lengthNow(op: string, p: Uint8Array): number {
  const length = lengthOf(p);
  if (length === 0) checkAttached(op, p);
  return length;
}

/** A buffer that was transferred has no length any more. */
function checkAttached(op: string, p: Uint8Array): void {
  if ((memoryOf(p) as { detached?: boolean }).detached) throw takenAway(op);
}

/** The error of a call whose buffer was not left alone. */
export function takenAway(op: string): TypeError {
  return new TypeError(
    `Cannot ${op} as the buffer was detached or resized: keep its memory until the call has returned`,
  );
}
