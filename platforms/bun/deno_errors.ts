// SPDX-License-Identifier: MIT
/** Deno's error classes on Bun: those of the npm package that replaces them. */
import { nodeModule } from "../contract/host.ts";
import type { ErrorClasses } from "../contract/platform.ts";

/** What is used of Bun's global object. */
declare const Bun: { resolveSync(specifier: string, parent: string): string };

let classes: ErrorClasses | null = null;

/** Loads the package at the first call. A program bundled without it has no such classes. */
export function denoErrors(): ErrorClasses {
  return classes ??= load();
}

function load(): ErrorClasses {
  try {
    // Resolve to the file that `import` uses: `require` by name would load a second copy of each
    // class. Not by `import.meta.resolve`, which is a SyntaxError in the CommonJS of a `bun build`.
    const folder = nodeModule("node:url").fileURLToPath(new URL(".", import.meta.url));
    const file = Bun.resolveSync("@deno/shim-deno", folder);
    return nodeModule("node:module").createRequire(import.meta.url)(file).Deno.errors;
  } catch {
    return {};
  }
}
