// SPDX-License-Identifier: MIT
import { Buffer } from "node:buffer";

const slice = (Buffer.prototype as unknown as { latin1Slice(from: number, to: number): string })
  .latin1Slice;

/** Bytes as text, one character a byte: the fastest way that both runtimes have, and it allocates no view. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return slice.call(bytes, from, to);
}
