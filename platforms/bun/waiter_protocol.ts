// SPDX-License-Identifier: MIT
/** Memory shared by a thread and its waiter: three words, and which thread writes each. */

import type { CompletionBuffer } from "../contract/platform.ts";

/** Number of requested waits; the thread increments it and notifies. */
export const CMD = 0;
/** Number of finished waits; the waiter increments it and notifies. */
export const ACK = 1;
/** Set by the thread to end the waiter. */
export const QUIT = 2;
/** Number of words. */
export const WORDS = 3;

/** What the waiter waits for: a readable descriptor, or a packet of a completion port. */
export type Watched =
  | { readonly kind: "readable"; readonly fd: number; readonly libraryPath: string }
  | { readonly kind: "completion"; readonly completions: CompletionBuffer };

/** Start parameters of the waiter. */
export interface WaiterData {
  readonly memory: SharedArrayBuffer;
  readonly watched: Watched;
}
