// SPDX-License-Identifier: MIT
/**
 * Sets whether a pending non-blocking foreign call keeps the process alive. Deno does this for its
 * own calls, to unreference timers and sockets, but has no public API for it.
 */
import { deno } from "./global.ts";

interface Core {
  refOpPromise?(call: Promise<unknown>): void;
  unrefOpPromise?(call: Promise<unknown>): void;
}

/** On a Deno without that internal API, the call keeps the process alive. */
export function holdCall(call: Promise<unknown>, on: boolean): void {
  const { internal } = deno as unknown as { internal?: symbol };
  if (internal === undefined) return;
  const core = (deno as unknown as Record<symbol, { core?: Core } | undefined>)[internal]?.core;
  if (on) core?.refOpPromise?.(call);
  else core?.unrefOpPromise?.(call);
}
