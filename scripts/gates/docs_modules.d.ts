// SPDX-License-Identifier: MIT
/** Modules of the reader that a documentation fragment may import. */
declare module "*/jobs.ts" {
  export function fibonacci(n: number): number;
}
