// SPDX-License-Identifier: MIT
/** Number of a program, which tells it from the one that Deno restarted as it. */
import { deno } from "./global.ts";

/** Where it is kept: on Deno's own object, which all copies of the library in a program share. */
const KEY = Symbol.for("netpoll.program");

/** See {@linkcode JsRuntime.programId}. */
export function programId(): number | null {
  const kept = deno as { [KEY]?: number };
  if (kept[KEY] === undefined && !Object.isExtensible(kept)) return null;
  return kept[KEY] ??= crypto.getRandomValues(new Int32Array(1))[0] | (1 << 31);
}
