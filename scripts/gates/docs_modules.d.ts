// SPDX-License-Identifier: MIT
/** Modules that a fragment in the docs may name: the reader's own. */
declare module "*/jobs.ts" {
  export function fibonacci(n: number): number;
}
