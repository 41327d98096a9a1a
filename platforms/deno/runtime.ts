// SPDX-License-Identifier: MIT
/** The Deno runtime. */
import type { JsRuntime } from "../contract/platform.ts";
import { clock } from "./clock.ts";
import { closeFile } from "./close_file.ts";
import { DenoCompletionWait } from "./completion_wait.ts";
import {
  addressReader,
  callback,
  dlopen,
  errnoReader,
  functionAt,
  memoryAt,
  pointerAt,
} from "./ffi.ts";
import { deno } from "./global.ts";
import { DenoHostWait } from "./host_wait.ts";
import { programId } from "./program_id.ts";
import {
  permitsNet,
  permitsRead,
  readPermittedText,
  refuseDeniedNet,
  requireNet,
  requireUnixName,
  requireUnixPath,
  variable,
} from "./permissions.ts";

const DENO: JsRuntime = {
  name: "deno",
  tlsHalfCloses: true,
  longText: 256,
  tlsDropsUnread: true,
  dlopen,
  errnoReader,
  addressReader,
  clock,
  pointerAt,
  memoryAt,
  functionAt,
  callback,
  hostWait: ({ fd, libraryPath }) => new DenoHostWait(fd, libraryPath),
  completionWait: (completions) => new DenoCompletionWait(completions),
  variable,
  onUnload: (f) => globalThis.addEventListener("unload", f),
  programId,
  reloadsModules: false,
  requireNet,
  permitsNet,
  permitsRead,
  refuseDeniedNet,
  readText: readPermittedText,
  closeFile,
  denoErrors: () => deno.errors,
  requireUnixPath,
  requireUnixName,
};

/** Returns Deno; the same object each time. */
export function denoRuntime(): JsRuntime {
  return DENO;
}
