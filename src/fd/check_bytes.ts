// SPDX-License-Identifier: MIT
/**
 * Buffers that callers give. What is no buffer would let the kernel write where it must not; and one
 * that was given may lose its memory while the call waits, by `transfer`, `postMessage` or `resize`.
 */
import { wrongArgument } from "../validate/argument.ts";

/** Throws TypeError unless `p` is a Uint8Array that has its memory. */
export function checkBytes(op: string, p: unknown): asserts p is Uint8Array {
  if (!(p instanceof Uint8Array)) throw wrongArgument(op, "the buffer", "a Uint8Array", p);
  if (p.length === 0) checkAttached(op, p);
}

/** What may be written: bytes, or text as UTF-8. */
export type Writable = Uint8Array | string;

const encoder = new TextEncoder();

/** Throws TypeError unless `data` is text, or bytes that have their memory. */
export function checkWritable(data: unknown): asserts data is Writable {
  if (typeof data === "string") return;
  if (!(data instanceof Uint8Array)) {
    throw wrongArgument("write", "the buffer", "a Uint8Array or a string", data);
  }
  if (data.length === 0) checkAttached("write", data);
}

/** `data` as bytes, text as UTF-8. Throws as `checkWritable`. */
export function bytesOf(data: Writable): Uint8Array {
  checkWritable(data);
  return typeof data === "string" ? encoder.encode(data) : data;
}

/** Throws TypeError unless all of `pieces` are as `checkBytes` has them. Gives their length in all. */
export function checkPieces(op: string, pieces: readonly unknown[]): number {
  if (!Array.isArray(pieces)) throw wrongArgument(op, "pieces", "an array", pieces);
  let length = 0;
  for (const piece of pieces) {
    checkBytes(op, piece);
    length += piece.length;
  }
  return length;
}

/** As `checkBytes`, before a try that had to wait: gives the length that `p` has now. */
export function lengthNow(op: string, p: Uint8Array): number {
  if (p.length === 0) checkAttached(op, p);
  return p.length;
}

/** What was transferred to somebody else has no length any more. */
function checkAttached(op: string, p: Uint8Array): void {
  if ((p.buffer as { detached?: boolean }).detached) throw takenAway(op);
}

/** The error of a call whose buffer was not left alone. */
export function takenAway(op: string): TypeError {
  return new TypeError(
    `Cannot ${op} as the buffer was detached or resized: keep its memory until the call has returned`,
  );
}
