// SPDX-License-Identifier: MIT
// Programs to measure.
import { BUN, compiled, DENO, inRepository } from "../../rig/paths.ts";

export interface Side {
  /** ID for `--only`. */
  id: "bun" | "deno" | "go";
  title: string;
  /** The program and its first arguments. */
  command: string[];
}

const loops = inRepository("bench", "sched", "netpoll.ts");
/** To measure the memory in use. */
const DENO_FLAGS = ["--quiet", "--no-prompt", "--allow-all", "--v8-flags=--expose-gc"];

export const SIDES: Side[] = [
  { id: "go", title: "Go, GOMAXPROCS=1", command: [compiled("sched-go")] },
  { id: "bun", title: "netpoll, Bun", command: [BUN, loops, "run"] },
  { id: "deno", title: "netpoll, Deno", command: [DENO, "run", ...DENO_FLAGS, loops, "run"] },
];
