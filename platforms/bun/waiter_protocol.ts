// SPDX-License-Identifier: MIT
/** What a thread and its waiter share: three words of memory, and who moves each. */

import type { CompletionBuffer } from "../contract/platform.ts";

/** Waits asked for; the thread adds one and notifies. */
export const CMD = 0;
/** Waits done; the waiter adds one and notifies. */
export const ACK = 1;
/** Set by the thread when the waiter is to end. */
export const QUIT = 2;
/** How many words there are. */
export const WORDS = 3;

/** What the waiter waits for: a descriptor to be readable, or a packet of a completion port. */
export type Watched =
  | { readonly kind: "readable"; readonly fd: number; readonly libraryPath: string }
  | { readonly kind: "completion"; readonly completions: CompletionBuffer };

/** What the waiter is started with. */
export interface WaiterData {
  readonly memory: SharedArrayBuffer;
  readonly watched: Watched;
}
