// SPDX-License-Identifier: MIT
// Servers of the comparison.
import { BUN as BUN_PATH, compiled, DENO as DENO_PATH, inRepository } from "../../rig/paths.ts";

export interface Server {
  /** ID for `--only`. */
  id: string;
  title: string;
  /** The program and its arguments. */
  command: string[];
  /** The runtime's own server, to compare the library with. */
  own?: string;
}

export const C = "c-epoll";
export const C_THREADS = "c-epoll-threads";
export const GO = "go-net";
export const BUN = "bun-listen";
export const DENO = "deno-listen";

/** Path of a program in this directory's parent. */
function source(name: string): string {
  return inRepository("bench", "echo", name);
}

/** Runs a Deno program with the permissions to listen and to read its two settings. */
function underDeno(name: string, ...rest: string[]): string[] {
  const rights = ["--no-prompt", "--allow-net", "--allow-env=PORT,BUFFER"];
  if (name.startsWith("netpoll")) rights.push("--allow-ffi");
  return [DENO_PATH, "run", "--quiet", ...rights, source(name), ...rest];
}

function netpoll(runtime: "bun" | "deno", driver: "run" | "runSync"): Server {
  const [title, own] = runtime === "bun" ? ["Bun", BUN] : ["Deno", DENO];
  return {
    id: `netpoll-${runtime}-${driver.toLowerCase()}`,
    title: `netpoll, ${title}, ${driver}`,
    command: runtime === "bun"
      ? [BUN_PATH, source("netpoll.ts"), driver]
      : underDeno("netpoll.ts", driver),
    own,
  };
}

/** The library's event servers: callbacks instead of goroutines. */
export const EVENT_SERVERS: Server[] = [
  {
    id: "netpoll-bun-event",
    title: "netpoll, Bun, events",
    command: [BUN_PATH, source("netpoll_event.ts")],
    own: BUN,
  },
  {
    id: "netpoll-deno-event",
    title: "netpoll, Deno, events",
    command: underDeno("netpoll_event.ts"),
    own: DENO,
  },
];

export const SERVERS: Server[] = [
  netpoll("bun", "run"),
  netpoll("bun", "runSync"),
  netpoll("deno", "run"),
  netpoll("deno", "runSync"),
  { id: C, title: "C, epoll", command: [compiled("echo-epoll")] },
  // About as many as Bun and Deno have.
  { id: C_THREADS, title: "C, epoll, 6 idle threads", command: [compiled("echo-epoll"), "6"] },
  { id: GO, title: "Go, net", command: [compiled("echo-go")] },
  { id: BUN, title: "Bun.listen", command: [BUN_PATH, source("bun.ts")] },
  { id: DENO, title: "Deno.listen", command: underDeno("deno.ts") },
  { id: "node-net", title: "node:net, Node", command: ["node", source("node.mjs")] },
];
