// SPDX-License-Identifier: MIT
// Paths, from the root of the repository.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export function inRepository(...parts: string[]): string {
  return join(root, ...parts);
}

/** The runtimes of package.json. */
export const BUN = join(root, "node_modules", "bun", "bin", "bun.exe");
/** See BUN. */
export const DENO = join(root, "node_modules", "deno", "deno");

/** Path of a compiled program, which git ignores. */
export function compiled(name: string): string {
  return inRepository(".cache", "bench", name);
}
