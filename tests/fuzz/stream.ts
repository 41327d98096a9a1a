// SPDX-License-Identifier: MIT
/** The model of one direction of a connection: bytes that come once, in order and unchanged. */
import type { Outcome } from "./trial.ts";

/** See the top of this file. */
export class Stream {
  /** Bytes that writes have taken, and that the write under way may take. */
  accepted = 0;
  offered = 0;
  received = 0;
  /** How its reader's last call ended. */
  end: "open" | "end" | Outcome = "open";

  readonly key: number;

  constructor(key: number) {
    this.key = key;
  }

  /** The byte at `position`. */
  byteAt(position: number): number {
    return Math.imul(position ^ this.key, 0x9e3779b1) >>> 24;
  }

  /** The next `length` bytes to be written. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => this.byteAt(this.accepted + i));
  }
}
