// SPDX-License-Identifier: MIT
/**
 * Whether a non-blocking foreign call keeps the process alive while it is under way. Deno has this
 * for its own calls, by which its timers and sockets are unreferenced, and no public name for it.
 */
import { deno } from "./global.ts";

interface Core {
  refOpPromise?(call: Promise<unknown>): void;
  unrefOpPromise?(call: Promise<unknown>): void;
}

/** Without that part of Deno the call goes on keeping the process alive. */
export function holdCall(call: Promise<unknown>, on: boolean): void {
  const { internal } = deno as unknown as { internal?: symbol };
  if (internal === undefined) return;
  const core = (deno as unknown as Record<symbol, { core?: Core } | undefined>)[internal]?.core;
  if (on) core?.refOpPromise?.(call);
  else core?.unrefOpPromise?.(call);
}
