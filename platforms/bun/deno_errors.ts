// SPDX-License-Identifier: MIT
/** Deno's classes of errors where there is no Deno: those of the npm package that stands in for it. */
import { nodeModule } from "../contract/host.ts";
import type { ErrorClasses } from "../contract/platform.ts";

let classes: ErrorClasses | null = null;

/** Loads the package at the first call. A program that was bundled without it has no such classes. */
export function denoErrors(): ErrorClasses {
  return classes ??= load();
}

function load(): ErrorClasses {
  try {
    // The file that `import` means: by its name, `require` would give another copy of each class.
    const file = nodeModule("node:url").fileURLToPath(import.meta.resolve("@deno/shim-deno"));
    return nodeModule("node:module").createRequire(import.meta.url)(file).Deno.errors;
  } catch {
    return {};
  }
}
