// SPDX-License-Identifier: MIT
// Programs to measure: each takes a shape and its arguments.
import { BUN, compiled, DENO, inRepository } from "../rig/paths.ts";

export interface Side {
  /** ID for `--only`. */
  id: string;
  title: string;
  command: string[];
  /** Sides that it should not be slower than. */
  rivals: string[];
}

function source(name: string): string {
  return inRepository("bench", "shapes", name);
}

function underDeno(name: string): string[] {
  return [DENO, "run", "-A", "--quiet", "--no-check", source(name)];
}

export const SIDES: Side[] = [
  {
    id: "netpoll-bun",
    title: "netpoll, Bun",
    command: [BUN, source("netpoll.ts")],
    rivals: ["go", "bun"],
  },
  {
    id: "netpoll-deno",
    title: "netpoll, Deno",
    command: underDeno("netpoll.ts"),
    rivals: ["go", "deno"],
  },
  { id: "go", title: "Go, GOMAXPROCS=1", command: [compiled("shapes-go")], rivals: [] },
  { id: "bun", title: "Bun's own", command: [BUN, source("bun.ts")], rivals: [] },
  { id: "deno", title: "Deno's own", command: underDeno("deno.ts"), rivals: [] },
  { id: "node", title: "Node's own", command: ["node", source("node.mjs")], rivals: [] },
];
