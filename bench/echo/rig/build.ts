// SPDX-License-Identifier: MIT
// Compiles the generator and the servers.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../rig/compile.ts";
import { compiled, inRepository } from "../../rig/paths.ts";
import { C, C_THREADS, GO, type Server } from "./servers.ts";

const GCC = ["gcc", "-O2", "-Wall", "-Wextra", "-pthread", "-o"];

/** Compiles the generator and those servers that need it. */
export function build(servers: Server[]): void {
  const folder = inRepository("bench", "echo");
  const load = join(folder, "load.c");
  const parts = readdirSync(join(folder, "load")).map((name) => join(folder, "load", name));
  compile("echo-load", [load, ...parts], [...GCC, compiled("echo-load"), load]);
  const chosen = new Set(servers.map(({ id }) => id));
  const epoll = join(folder, "epoll.c");
  if (chosen.has(C) || chosen.has(C_THREADS)) {
    compile("echo-epoll", [epoll], [...GCC, compiled("echo-epoll"), epoll]);
  }
  const main = join(folder, "go", "main.go");
  if (chosen.has(GO)) {
    compile("echo-go", [main], ["go", "build", "-o", compiled("echo-go"), main]);
  }
}
