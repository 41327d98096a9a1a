// SPDX-License-Identifier: MIT
/** Reloading of modules in place, which no run survives. */
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import { PanicError } from "./goroutine.ts";

/** Where modules are reloaded in place, a run of the old module would keep its port for ever. */
export function refuseReloading(call: string): void {
  if (!jsRuntime().reloadsModules) return;
  throw new PanicError(
    `${call} under bun --hot: Bun does not reload a module that awaits a run, and keeps the sockets ` +
      "of other modules; use bun --watch",
  );
}
