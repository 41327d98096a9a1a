// SPDX-License-Identifier: MIT
/** Deno's error classes on Bun: those of the npm package that replaces them. */
import { nodeModule } from "../contract/host.ts";
import type { ErrorClasses } from "../contract/platform.ts";

let classes: ErrorClasses | null = null;

/** Loads the package at the first call. A program bundled without it has no such classes. */
export function denoErrors(): ErrorClasses {
  return classes ??= load();
}

function load(): ErrorClasses {
  try {
    // Resolve to the file that `import` uses: `require` by name would load a second copy of each
    // class.
    const file = nodeModule("node:url").fileURLToPath(import.meta.resolve("@deno/shim-deno"));
    return nodeModule("node:module").createRequire(import.meta.url)(file).Deno.errors;
  } catch {
    return {};
  }
}
