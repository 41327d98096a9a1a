// SPDX-License-Identifier: MIT
/** Deno behind the neutral seam. */
import type { JsRuntime } from "../types.ts";
import { clock } from "./clock.ts";
import { addressReader, dlopen, errnoReader } from "./ffi.ts";
import { deno } from "./global.ts";
import { DenoHostWait } from "./host_wait.ts";
import {
  readPermittedText,
  refuseDeniedNet,
  requireNet,
  requireUnixName,
  requireUnixPath,
  variable,
} from "./permissions.ts";

/** Deno. */
export const denoRuntime: JsRuntime = {
  name: "deno",
  tlsHalfCloses: true,
  dlopen,
  errnoReader,
  addressReader,
  clock,
  hostWait: (fd, libraryPath) => new DenoHostWait(fd, libraryPath),
  variable,
  requireNet,
  refuseDeniedNet,
  readText: readPermittedText,
  denoErrors: () => deno.errors,
  requireUnixPath,
  requireUnixName,
};
