// SPDX-License-Identifier: MIT
// Where things are, from the root of the repository.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export function inRepository(...parts: string[]): string {
  return join(root, ...parts);
}

/** The runtimes that package.json names. */
export const BUN = join(root, "node_modules", "bun", "bin", "bun.exe");
/** See BUN. */
export const DENO = join(root, "node_modules", "deno", "deno");

/** What is compiled; git does not see it. */
export function compiled(name: string): string {
  return inRepository(".cache", "bench", name);
}
