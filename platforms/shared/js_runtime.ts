// SPDX-License-Identifier: MIT
/** Which JavaScript runtime this is: the only place that asks. */
import { bun } from "../bun/runtime.ts";
import { denoRuntime } from "../deno/runtime.ts";
import { type JsRuntime, PlatformError } from "../contract/platform.ts";

/** The runtime underneath. Throws PlatformError on any other than Bun and Deno. */
export function jsRuntime(): JsRuntime {
  if ("Bun" in globalThis) return bun;
  if ("Deno" in globalThis) return denoRuntime;
  throw new PlatformError("Cannot run here: netpoll needs Bun or Deno", "bun or deno");
}
