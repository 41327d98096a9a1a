// SPDX-License-Identifier: MIT
// Where things are, from the root of the repository.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export function inRepository(...parts: string[]): string {
  return join(root, ...parts);
}

/** What is compiled; git does not see it. */
export function compiled(name: string): string {
  return inRepository(".cache", "bench", name);
}
