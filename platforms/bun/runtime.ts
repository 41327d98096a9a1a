// SPDX-License-Identifier: MIT
/** The Bun runtime. */
import { nodeModule, nodeProcess } from "../contract/host.ts";
import type { JsRuntime } from "../contract/platform.ts";
import { denoErrors } from "./deno_errors.ts";
import {
  addressReader,
  callback,
  dlopen,
  errnoReader,
  functionAt,
  memoryAt,
  pointerAt,
} from "./ffi.ts";
import { BunHostWait } from "./host_wait.ts";

/** Whether this is the main thread; true on Deno, where nothing here is used. */
function isMainThread(): boolean {
  const { Bun } = globalThis as { readonly Bun?: { readonly isMainThread: boolean } };
  return Bun?.isMainThread ?? true;
}

/** Bun. */
export const bun: JsRuntime = {
  name: "bun",
  tlsHalfCloses: false,
  longText: Infinity,
  tlsDropsUnread: false,
  dlopen,
  errnoReader,
  addressReader,
  clock: () => () => performance.now(),
  pointerAt,
  memoryAt,
  functionAt,
  callback,
  hostWait: (watched) => {
    const { fd, libraryPath } = watched;
    return new BunHostWait({ kind: "readable", fd, libraryPath }, watched);
  },
  completionWait: (completions) => new BunHostWait({ kind: "completion", completions }),
  variable: (name) => nodeProcess().env[name],
  // A worker that calls process.exit ends alone; at `terminate` none of its code runs.
  ...isMainThread() ? {} : { onUnload: (f) => void nodeProcess().on("exit", f) },
  // Bun has no permissions.
  get reloadsModules(): boolean {
    return nodeProcess().execArgv.includes("--hot");
  },
  requireNet: () => {},
  permitsNet: () => true,
  permitsRead: () => true,
  refuseDeniedNet: () => {},
  denoErrors,
  // Bun's file API keeps no record.
  closeFile: () => false,
  readText: (path) => {
    try {
      return nodeModule("node:fs").readFileSync(path, "utf8");
    } catch {
      return null;
    }
  },
  requireUnixPath: () => {},
  requireUnixName: () => {},
};
