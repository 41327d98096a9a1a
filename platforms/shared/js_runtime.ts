// SPDX-License-Identifier: MIT
/** Detects the JavaScript runtime; the only place that does. */
import { bun } from "../bun/runtime.ts";
import { denoRuntime } from "../deno/runtime.ts";
import { type JsRuntime, PlatformError } from "../contract/platform.ts";

/** Returns the JavaScript runtime. Throws PlatformError unless it is Bun or Deno. */
export function jsRuntime(): JsRuntime {
  if ("Bun" in globalThis) return bun;
  if ("Deno" in globalThis) return denoRuntime();
  throw new PlatformError("Cannot run here: netpoll needs Bun or Deno", "bun or deno");
}
